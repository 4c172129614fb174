"""Files: what customers send is fetched and kept, what we send is taken; both are served to who may see them."""
