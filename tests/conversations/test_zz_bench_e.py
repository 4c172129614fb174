import asyncio, time, os, random, cProfile, pstats
import psycopg, pytest
from django.db import connection
from conversations import inbound, lanes, hooks
from conversations.models import *
from tenants.scope import tenant_scope
from tests.conversations.posting import *
RAW=open("/work/shared/bench/limits/batch.sql").read()
TEXT='您好，我想詢問上週訂購的商品什麼時候可以到貨？謝謝您的協助。'
@pytest.mark.django_db(transaction=True)
def test_bench(acme):
    with tenant_scope(acme):
        inbox=page_inbox()
    app=page_app(); connect(app,acme,inbox)
    # raw
    p=connection.get_connection_params(); p.pop("cursor_factory",None); p.pop("context",None)
    raw=psycopg.connect(**{k:v for k,v in p.items() if k in("dbname","host","port","user","password")},autocommit=True)
    raw.execute(open("/work/shared/bench/limits/schema.sql").read().replace("create extension if not exists pg_stat_statements;","").split("insert into event")[0])
    def rawrun(n):
        t=time.perf_counter()
        for b in range(n):
            raw.execute(RAW,([1+random.randrange(8) for _ in range(100)],[f'u{random.randint(1,200000)}' for _ in range(100)],[f'mid.{random.getrandbits(53)}' for _ in range(100)],[TEXT]*100))
        return n*100/(time.perf_counter()-t)
    def ours(n,people,tag):
        batches=[arrivals(inbox,*(message(f"{tag}{b}.{i}",TEXT,b,customer=str(random.randrange(people))) for i in range(100))) for b in range(n)]
        pid=connection.connection.info.backend_pid if connection.connection else None
        if pid is None:
            with connection.cursor() as c: c.execute("select 1")
            pid=connection.connection.info.backend_pid
        def bcpu():
            f=open(f"/proc/{pid}/stat").read().split(); return (int(f[13])+int(f[14]))/100
        t=time.perf_counter(); c0=time.process_time(); b0=bcpu()
        with tenant_scope(acme):
            for x in batches: inbound.receive(x)
        w=time.perf_counter()-t
        return f"{n*100/w:.0f}/s (us/item: wall {w/n*1e4:.0f} py {(time.process_time()-c0)/n*1e4:.0f} pg {(bcpu()-b0)/n*1e4:.0f})"
    rawrun(3); ours(3,2000,"w")
    for r in range(3):
        print("raw/s",round(rawrun(20)),"ours existing+new",ours(20,2000,f"a{r}"),"all new",ours(5,10**9,f"n{r}"), flush=True)
    if os.environ.get("STOP"): lanes.close(); raw.execute("drop schema t1 cascade"); return
    if os.environ.get("PROFILE"):
        pr=cProfile.Profile(); pr.enable(); ours(20,2000,"p"); pr.disable()
        pstats.Stats(pr).sort_stats("tottime").print_stats(25)
    # one at a time
    t=time.perf_counter()
    with tenant_scope(acme):
        for i in range(200): inbound.receive(arrivals(inbox,message(f"s{i}",TEXT,9999,customer="1")))
    print("one by one", round(200/(time.perf_counter()-t)))
    async def hook(senders,n):
        async def s(k):
            for i in range(n):
                body=webhook((PAGE,[message(f"h{senders}.{k}.{i}.{random.random()}",TEXT,99999,customer=str(random.randrange(2000)))]))
                st,_=await post(app,body); assert st==200
        t=time.perf_counter(); await asyncio.gather(*(s(k) for k in range(senders)))
        return round(senders*n/(time.perf_counter()-t))
    for _ in range(2):
        print("hook 1:",asyncio.run(hook(1,100)),"hook 32:",asyncio.run(hook(32,60)),"128:",asyncio.run(hook(128,20)),flush=True)
    lanes.close(); raw.execute("drop schema t1 cascade"); raw.close()
