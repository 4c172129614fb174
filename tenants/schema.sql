-- Written by `manage.py dump_schema`. What a brand's schema holds, one statement a paragraph.

CREATE TABLE kontor_template.comments_answergiven (
    id uuid NOT NULL,
    given_at timestamp with time zone NOT NULL,
    identity_id uuid NOT NULL,
    rule_id uuid NOT NULL,
    comment_id uuid NOT NULL,
    post_id uuid NOT NULL
)

CREATE TABLE kontor_template.comments_automaticanswer (
    id uuid NOT NULL,
    name character varying(120) NOT NULL,
    is_active boolean NOT NULL,
    keywords text NOT NULL,
    public_text text NOT NULL,
    private_text text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    inbox_id uuid NOT NULL,
    post_id uuid,
    CONSTRAINT automatic_answer_says_something CHECK (((NOT (public_text = ''::text)) OR (NOT (private_text = ''::text))))
)

CREATE TABLE kontor_template.comments_comment (
    id uuid NOT NULL,
    comment_id character varying(300) NOT NULL,
    parent_id character varying(300) NOT NULL,
    is_hidden boolean NOT NULL,
    hidden_told_at timestamp with time zone,
    private_until timestamp with time zone NOT NULL,
    private_address character varying(200) NOT NULL,
    inbox_id uuid NOT NULL,
    message_id uuid NOT NULL,
    private_message_id uuid,
    post_id uuid NOT NULL
)

CREATE TABLE kontor_template.comments_post (
    id uuid NOT NULL,
    external_id character varying(200) NOT NULL,
    text text NOT NULL,
    picture_url text NOT NULL,
    url text NOT NULL,
    published_at timestamp with time zone,
    inbox_id uuid NOT NULL
)

CREATE TABLE kontor_template.contacts_accessalert (
    id uuid NOT NULL,
    contacts integer NOT NULL,
    "limit" integer NOT NULL,
    raised_at timestamp with time zone NOT NULL,
    seen_by uuid,
    seen_at timestamp with time zone,
    agent_id uuid NOT NULL,
    CONSTRAINT access_alert_above_limit CHECK ((contacts > "limit")),
    CONSTRAINT contacts_accessalert_contacts_check CHECK ((contacts >= 0)),
    CONSTRAINT contacts_accessalert_limit_check CHECK (("limit" >= 0))
)

CREATE TABLE kontor_template.contacts_accessentry (
    id uuid NOT NULL,
    actor_kind character varying(12) NOT NULL,
    actor_id uuid,
    token_id uuid,
    act character varying(8) NOT NULL,
    subject_kind character varying(20) NOT NULL,
    subject_id uuid,
    contacts integer NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    CONSTRAINT contacts_accessentry_contacts_check CHECK ((contacts >= 0))
)

CREATE TABLE kontor_template.contacts_accesslimit (
    id smallint NOT NULL,
    contacts integer,
    changed_at timestamp with time zone NOT NULL,
    CONSTRAINT access_limit_lets_some_through CHECK ((contacts >= 1)),
    CONSTRAINT contacts_accesslimit_contacts_check CHECK ((contacts >= 0)),
    CONSTRAINT one_access_limit CHECK ((id = 1))
)

CREATE TABLE kontor_template.contacts_bulkrun (
    id uuid NOT NULL,
    kind character varying(11) NOT NULL,
    state character varying(7) NOT NULL,
    asked_by_kind character varying(12) NOT NULL,
    asked_by uuid,
    total integer NOT NULL,
    "position" integer NOT NULL,
    changed integer NOT NULL,
    failed integer NOT NULL,
    tries smallint NOT NULL,
    path character varying(120) NOT NULL,
    size bigint,
    created_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone,
    label_id uuid,
    CONSTRAINT bulk_kind_known CHECK ((kind IN ('put_label', 'take_label', 'export_csv', 'export_xlsx'))),
    CONSTRAINT bulk_state_known CHECK ((state IN ('waiting', 'running', 'done', 'failed', 'undoing', 'undone'))),
    CONSTRAINT contacts_bulkrun_changed_check CHECK ((changed >= 0)),
    CONSTRAINT contacts_bulkrun_failed_check CHECK ((failed >= 0)),
    CONSTRAINT contacts_bulkrun_position_check CHECK (("position" >= 0)),
    CONSTRAINT contacts_bulkrun_total_check CHECK ((total >= 0)),
    CONSTRAINT contacts_bulkrun_tries_check CHECK ((tries >= 0))
)

CREATE TABLE kontor_template.contacts_consent (
    id uuid NOT NULL,
    channel character varying(20) NOT NULL,
    purpose character varying(9) NOT NULL,
    state character varying(9) NOT NULL,
    text_version character varying(80) NOT NULL,
    source character varying(80) NOT NULL,
    proof jsonb NOT NULL,
    stated_at timestamp with time zone NOT NULL,
    created_at timestamp with time zone NOT NULL,
    contact_id uuid NOT NULL,
    CONSTRAINT consent_purpose_known CHECK ((purpose IN ('service', 'marketing'))),
    CONSTRAINT consent_state_known CHECK ((state IN ('given', 'withdrawn')))
)

CREATE TABLE kontor_template.contacts_contact (
    id uuid NOT NULL,
    name character varying(200) NOT NULL,
    honorific character varying(20) DEFAULT ''::character varying NOT NULL,
    language character varying(12) NOT NULL,
    timezone character varying(60) NOT NULL,
    place character varying(120) DEFAULT ''::character varying NOT NULL,
    company character varying(200) DEFAULT ''::character varying NOT NULL,
    picture_url character varying(2000) NOT NULL,
    page_url character varying(2000) DEFAULT ''::character varying NOT NULL,
    referrer character varying(2000) DEFAULT ''::character varying NOT NULL,
    custom jsonb DEFAULT '{}'::jsonb NOT NULL,
    marks jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone NOT NULL,
    last_seen_at timestamp with time zone,
    erased_at timestamp with time zone,
    merged_into_id uuid,
    CONSTRAINT contact_not_merged_into_itself CHECK (((merged_into_id IS NULL) OR (NOT ((merged_into_id = id) AND (merged_into_id IS NOT NULL)))))
)

CREATE TABLE kontor_template.contacts_contactaddress (
    id uuid NOT NULL,
    kind character varying(5) NOT NULL,
    value character varying(320) NOT NULL,
    is_verified boolean NOT NULL,
    source character varying(7) NOT NULL,
    created_at timestamp with time zone NOT NULL,
    last_used_at timestamp with time zone,
    contact_id uuid NOT NULL,
    CONSTRAINT contact_address_kind_known CHECK ((kind IN ('email', 'phone')))
)

CREATE TABLE kontor_template.contacts_contactidentity (
    id uuid NOT NULL,
    channel character varying(20) NOT NULL,
    scope character varying(200) NOT NULL,
    address character varying(320) NOT NULL,
    display_name character varying(200) NOT NULL,
    is_reachable boolean NOT NULL,
    reachability_at timestamp with time zone,
    profile_asked_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    last_used_at timestamp with time zone,
    contact_id uuid NOT NULL,
    stands_for_id uuid
)

CREATE TABLE kontor_template.contacts_contactlabel (
    id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    contact_id uuid NOT NULL,
    label_id uuid NOT NULL
)

CREATE TABLE kontor_template.contacts_contactnote (
    id uuid NOT NULL,
    text text NOT NULL,
    is_pinned boolean NOT NULL,
    created_at timestamp with time zone NOT NULL,
    edited_at timestamp with time zone,
    author_id uuid,
    contact_id uuid NOT NULL,
    CONSTRAINT note_has_text CHECK ((NOT (text = ''::text)))
)

CREATE TABLE kontor_template.contacts_contactterms (
    contact_id uuid NOT NULL,
    folded text NOT NULL,
    terms tsvector NOT NULL
)

CREATE TABLE kontor_template.contacts_customfield (
    id uuid NOT NULL,
    key character varying(40) NOT NULL,
    title character varying(80) NOT NULL,
    type character varying(8) NOT NULL,
    options jsonb NOT NULL,
    "position" smallint NOT NULL,
    is_active boolean NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT contacts_customfield_position_check CHECK (("position" >= 0)),
    CONSTRAINT custom_field_key_form CHECK (((key)::text ~ '^[a-z][a-z0-9_]{0,39}$'::text)),
    CONSTRAINT custom_field_type_known CHECK ((type IN ('text', 'number', 'boolean', 'date', 'moment', 'choice', 'choices', 'link')))
)

CREATE TABLE kontor_template.contacts_erasure (
    id uuid NOT NULL,
    number integer NOT NULL,
    contact_id uuid NOT NULL,
    identity_id uuid,
    erased_contact_id uuid,
    mode character varying(9) NOT NULL,
    state character varying(9) NOT NULL,
    ground character varying(200) NOT NULL,
    planned_by uuid,
    confirmed_by uuid,
    planned jsonb NOT NULL,
    erased jsonb NOT NULL,
    digests jsonb NOT NULL,
    sealed_memory text NOT NULL,
    sha256 character varying(64) NOT NULL,
    created_at timestamp with time zone NOT NULL,
    confirmed_at timestamp with time zone,
    erased_at timestamp with time zone,
    finished_at timestamp with time zone,
    CONSTRAINT contacts_erasure_number_check CHECK ((number >= 0)),
    CONSTRAINT erasure_done_forgets CHECK (((NOT ((state)::text = 'done'::text)) OR (sealed_memory = ''::text))),
    CONSTRAINT erasure_mode_known CHECK ((mode IN ('erase', 'anonymise'))),
    CONSTRAINT erasure_state_known CHECK ((state IN ('planned', 'confirmed', 'running', 'done')))
)

CREATE TABLE kontor_template.contacts_erasureentry (
    id uuid NOT NULL,
    digest bytea NOT NULL,
    erasure_id uuid NOT NULL,
    erased_at timestamp with time zone NOT NULL
)

CREATE TABLE kontor_template.contacts_importrow (
    id uuid NOT NULL,
    number integer NOT NULL,
    outcome character varying(9) NOT NULL,
    contact_id uuid,
    "column" character varying(60) NOT NULL,
    reason character varying(40) NOT NULL,
    cells jsonb NOT NULL,
    changes jsonb NOT NULL,
    run_id uuid NOT NULL,
    CONSTRAINT contacts_importrow_number_check CHECK ((number >= 0)),
    CONSTRAINT import_outcome_known CHECK ((outcome IN ('created', 'updated', 'unchanged', 'skipped', 'failed')))
)

CREATE TABLE kontor_template.contacts_importrun (
    id uuid NOT NULL,
    file_name character varying(200) NOT NULL,
    format character varying(4) NOT NULL,
    encoding character varying(20) NOT NULL,
    delimiter character varying(1) NOT NULL,
    path character varying(120) NOT NULL,
    headers jsonb NOT NULL,
    mapping jsonb NOT NULL,
    match_by jsonb NOT NULL,
    only_verified boolean NOT NULL,
    policy character varying(9) NOT NULL,
    state character varying(8) NOT NULL,
    reason character varying(40) NOT NULL,
    asked_by_kind character varying(12) NOT NULL,
    asked_by uuid,
    "position" integer NOT NULL,
    rows_total integer,
    created integer NOT NULL,
    updated integer NOT NULL,
    unchanged integer NOT NULL,
    skipped integer NOT NULL,
    failed integer NOT NULL,
    undone integer NOT NULL,
    kept integer NOT NULL,
    created_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone,
    CONSTRAINT contacts_importrun_created_check CHECK ((created >= 0)),
    CONSTRAINT contacts_importrun_failed_check CHECK ((failed >= 0)),
    CONSTRAINT contacts_importrun_kept_check CHECK ((kept >= 0)),
    CONSTRAINT contacts_importrun_position_check CHECK (("position" >= 0)),
    CONSTRAINT contacts_importrun_rows_total_check CHECK ((rows_total >= 0)),
    CONSTRAINT contacts_importrun_skipped_check CHECK ((skipped >= 0)),
    CONSTRAINT contacts_importrun_unchanged_check CHECK ((unchanged >= 0)),
    CONSTRAINT contacts_importrun_undone_check CHECK ((undone >= 0)),
    CONSTRAINT contacts_importrun_updated_check CHECK ((updated >= 0)),
    CONSTRAINT import_policy_known CHECK ((policy IN ('skip', 'fill', 'overwrite'))),
    CONSTRAINT import_state_known CHECK ((state IN ('uploaded', 'waiting', 'running', 'done', 'failed', 'undoing', 'undone')))
)

CREATE TABLE kontor_template.contacts_label (
    id uuid NOT NULL,
    name character varying(60) NOT NULL,
    colour character varying(7) NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT label_colour_form CHECK (((colour)::text ~ '^#[0-9a-f]{6}$'::text)),
    CONSTRAINT label_has_a_name CHECK ((NOT ((name)::text = ''::text)))
)

CREATE TABLE kontor_template.contacts_legalhold (
    id uuid NOT NULL,
    reason character varying(500) NOT NULL,
    review_on date NOT NULL,
    placed_by uuid,
    placed_at timestamp with time zone NOT NULL,
    lifted_by uuid,
    lifted_at timestamp with time zone,
    contact_id uuid NOT NULL,
    owner_id uuid,
    CONSTRAINT hold_has_a_reason CHECK ((NOT ((reason)::text = ''::text))),
    CONSTRAINT hold_lifted_after_placed CHECK (((lifted_at IS NULL) OR (lifted_at >= placed_at)))
)

CREATE TABLE kontor_template.contacts_matchkey (
    id uuid NOT NULL,
    kind character varying(5) NOT NULL,
    digest uuid NOT NULL,
    is_verified boolean NOT NULL,
    contact_id uuid NOT NULL
)

CREATE TABLE kontor_template.contacts_mergedcontact (
    id uuid NOT NULL,
    moved jsonb NOT NULL,
    contact_id uuid NOT NULL,
    record_id uuid NOT NULL
)

CREATE TABLE kontor_template.contacts_mergerecord (
    id uuid NOT NULL,
    merged_at timestamp with time zone NOT NULL,
    by_kind character varying(12) NOT NULL,
    by_id uuid,
    undo_until timestamp with time zone NOT NULL,
    fields jsonb NOT NULL,
    rows jsonb NOT NULL,
    last_used jsonb NOT NULL,
    undone_at timestamp with time zone,
    undone_by_kind character varying(12) NOT NULL,
    undone_by_id uuid,
    survivor_id uuid NOT NULL,
    CONSTRAINT merge_undone_by_somebody CHECK ((((undone_at IS NULL) AND ((undone_by_kind)::text = ''::text)) OR ((undone_at IS NOT NULL) AND (NOT ((undone_by_kind)::text = ''::text)))))
)

CREATE TABLE kontor_template.contacts_movedevents (
    id uuid NOT NULL,
    sequences bigint[] NOT NULL,
    merged_id uuid NOT NULL
)

CREATE TABLE kontor_template.contacts_order (
    id uuid NOT NULL,
    shop character varying(80) NOT NULL,
    number character varying(120) NOT NULL,
    status character varying(60) NOT NULL,
    currency character varying(3) NOT NULL,
    total numeric(14,2),
    lines jsonb NOT NULL,
    url character varying(2000) NOT NULL,
    placed_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    contact_id uuid NOT NULL
)

CREATE TABLE kontor_template.contacts_personexport (
    id uuid NOT NULL,
    asked_by uuid NOT NULL,
    state character varying(7) NOT NULL,
    rows_done integer NOT NULL,
    rows_total integer NOT NULL,
    path character varying(120) NOT NULL,
    size bigint,
    sha256 character varying(64) NOT NULL,
    tries smallint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone,
    expires_at timestamp with time zone NOT NULL,
    contact_id uuid NOT NULL,
    CONSTRAINT contacts_personexport_rows_done_check CHECK ((rows_done >= 0)),
    CONSTRAINT contacts_personexport_rows_total_check CHECK ((rows_total >= 0)),
    CONSTRAINT contacts_personexport_tries_check CHECK ((tries >= 0)),
    CONSTRAINT person_export_done_has_content CHECK (((NOT ((state)::text = 'done'::text)) OR (NOT ((path)::text = ''::text)))),
    CONSTRAINT person_export_state_known CHECK ((state IN ('waiting', 'running', 'done', 'failed')))
)

CREATE TABLE kontor_template.contacts_retentionrule (
    id uuid NOT NULL,
    kind character varying(40) NOT NULL,
    is_on boolean NOT NULL,
    keep smallint NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    last_run_at timestamp with time zone,
    last_removed bigint NOT NULL,
    CONSTRAINT contacts_retentionrule_keep_check CHECK ((keep >= 0)),
    CONSTRAINT contacts_retentionrule_last_removed_check CHECK ((last_removed >= 0)),
    CONSTRAINT retention_keeps_something CHECK ((keep >= 1))
)

CREATE TABLE kontor_template.contacts_segment (
    id uuid NOT NULL,
    name character varying(80) NOT NULL,
    wish jsonb NOT NULL,
    created_at timestamp with time zone NOT NULL,
    owner_id uuid,
    CONSTRAINT segment_has_a_name CHECK ((NOT ((name)::text = ''::text)))
)

CREATE TABLE kontor_template.contacts_selectedcontact (
    id uuid NOT NULL,
    number integer NOT NULL,
    contact_id uuid NOT NULL,
    outcome character varying(9) NOT NULL,
    run_id uuid NOT NULL,
    CONSTRAINT contacts_selectedcontact_number_check CHECK ((number >= 0))
)

CREATE TABLE kontor_template.contacts_suggestion (
    id uuid NOT NULL,
    score smallint NOT NULL,
    reasons jsonb NOT NULL,
    state character varying(9) NOT NULL,
    found_at timestamp with time zone NOT NULL,
    decided_at timestamp with time zone,
    decided_by_kind character varying(12) NOT NULL,
    decided_by_id uuid,
    decided_score smallint,
    high_id uuid NOT NULL,
    low_id uuid NOT NULL,
    CONSTRAINT contacts_suggestion_decided_score_check CHECK ((decided_score >= 0)),
    CONSTRAINT contacts_suggestion_score_check CHECK ((score >= 0)),
    CONSTRAINT suggestion_decided_or_open CHECK ((((state)::text = 'open'::text) OR ((decided_at IS NOT NULL) AND (decided_score IS NOT NULL)))),
    CONSTRAINT suggestion_pair_in_order CHECK ((low_id < high_id)),
    CONSTRAINT suggestion_state_known CHECK ((state IN ('open', 'dismissed', 'merged')))
)

CREATE TABLE kontor_template.conversations_accesstoken (
    id uuid NOT NULL,
    sealed text NOT NULL,
    expires_at timestamp with time zone,
    asked_until timestamp with time zone,
    inbox_id uuid NOT NULL,
    CONSTRAINT access_token_ends CHECK (((sealed = ''::text) OR (expires_at IS NOT NULL)))
)

CREATE TABLE kontor_template.conversations_attachment (
    id uuid NOT NULL,
    "position" smallint NOT NULL,
    kind character varying(12) NOT NULL,
    url text NOT NULL,
    media_id character varying(300) NOT NULL,
    name character varying(300) NOT NULL,
    mime character varying(120) NOT NULL,
    size bigint,
    details jsonb NOT NULL,
    message_id uuid NOT NULL,
    file_id uuid
)

CREATE TABLE kontor_template.conversations_conversation (
    id uuid NOT NULL,
    thread character varying(200) NOT NULL,
    kind character varying(10) GENERATED ALWAYS AS (
CASE
    WHEN ((thread)::text = ''::text) THEN 'chat'::text
    WHEN ((thread)::text ~~ 'post:%'::text) THEN 'comments'::text
    ELSE 'group'::text
END) STORED,
    status character varying(10) NOT NULL,
    priority smallint NOT NULL,
    snoozed_until timestamp with time zone,
    waiting_since timestamp with time zone,
    last_customer_message_at timestamp with time zone,
    sent_in_window smallint DEFAULT 0 NOT NULL,
    brief_window_at timestamp with time zone,
    sent_in_brief_window smallint DEFAULT 0 NOT NULL,
    held_elsewhere_at timestamp with time zone,
    reply_handle character varying(200) NOT NULL,
    reply_handle_at timestamp with time zone,
    message_count integer NOT NULL,
    last_inbound_number integer NOT NULL,
    last_message_text character varying(200) NOT NULL,
    last_message_direction character varying(3) NOT NULL,
    last_activity_at timestamp with time zone NOT NULL,
    created_at timestamp with time zone NOT NULL,
    assignee_id uuid,
    contact_id uuid NOT NULL,
    identity_id uuid NOT NULL,
    team_id uuid,
    inbox_id uuid NOT NULL,
    CONSTRAINT conversation_status_known CHECK ((status IN ('open', 'pending', 'snoozed', 'resolved'))),
    CONSTRAINT conversations_conversation_sent_in_brief_window_check CHECK ((sent_in_brief_window >= 0)),
    CONSTRAINT conversations_conversation_sent_in_window_check CHECK ((sent_in_window >= 0)),
    CONSTRAINT nobody_waits_when_resolved CHECK (((waiting_since IS NULL) OR (NOT ((status)::text = 'resolved'::text)))),
    CONSTRAINT snoozed_means_until CHECK (((snoozed_until IS NULL) OR ((status)::text = 'snoozed'::text)))
)

CREATE TABLE kontor_template.conversations_inboundrecord (
    id uuid NOT NULL,
    channel character varying(20) NOT NULL,
    account_id character varying(200) NOT NULL,
    event_id character varying(300) NOT NULL,
    body bytea NOT NULL,
    headers jsonb NOT NULL,
    state character varying(8) NOT NULL,
    attempts smallint NOT NULL,
    error character varying(500) NOT NULL,
    outcome character varying(10) NOT NULL,
    repeats integer DEFAULT 0 NOT NULL,
    received_at timestamp with time zone NOT NULL,
    inbox_id uuid,
    CONSTRAINT inbound_record_has_outcome_when_read CHECK ((((outcome IN ('threaded', 'applied', 'opened', 'ours', 'known', 'outdated', 'withdrawn', 'unrelated', 'not_read', 'erased')) AND ((state)::text = 'done'::text)) OR ((NOT ((state)::text = 'done'::text)) AND ((outcome)::text = ''::text))))
)

CREATE TABLE kontor_template.conversations_inbox (
    id uuid NOT NULL,
    name character varying(120) NOT NULL,
    channel character varying(20) NOT NULL,
    account_id character varying(200) NOT NULL,
    identity_scope character varying(200) NOT NULL,
    base_url character varying(300) NOT NULL,
    settings jsonb NOT NULL,
    sealed_credentials text NOT NULL,
    is_active boolean NOT NULL,
    health character varying(12) NOT NULL,
    failures_in_a_row integer NOT NULL,
    probe_at timestamp with time zone,
    last_inbound_at timestamp with time zone,
    last_sent_at timestamp with time zone,
    checked_at timestamp with time zone,
    check_error character varying(24) NOT NULL,
    check_detail character varying(500) NOT NULL,
    platform_name character varying(200) NOT NULL,
    warnings jsonb NOT NULL,
    figures jsonb NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT conversations_inbox_failures_in_a_row_check CHECK ((failures_in_a_row >= 0))
)

CREATE TABLE kontor_template.conversations_inbox_teams (
    id bigint NOT NULL GENERATED BY DEFAULT AS IDENTITY (SEQUENCE NAME kontor_template.conversations_inbox_teams_id_seq START WITH 1 INCREMENT BY 1 NO MINVALUE NO MAXVALUE CACHE 1),
    inbox_id uuid NOT NULL,
    team_id uuid NOT NULL
)

CREATE TABLE kontor_template.conversations_message (
    id uuid NOT NULL,
    number integer NOT NULL,
    direction character varying(3) NOT NULL,
    kind character varying(12) NOT NULL,
    text text NOT NULL,
    author_kind character varying(8) NOT NULL,
    external_id character varying(300) NOT NULL,
    client_id uuid,
    status character varying(12) NOT NULL,
    error_kind character varying(24) NOT NULL,
    error_detail character varying(500) NOT NULL,
    outside_window boolean NOT NULL,
    sent_at timestamp with time zone NOT NULL,
    created_at timestamp with time zone NOT NULL,
    edited_at timestamp with time zone,
    unsent_at timestamp with time zone,
    reaction character varying(32) NOT NULL,
    reply_to character varying(300) NOT NULL,
    details jsonb NOT NULL,
    agent_id uuid,
    conversation_id uuid NOT NULL,
    inbox_id uuid NOT NULL,
    CONSTRAINT message_direction_known CHECK ((direction IN ('in', 'out'))),
    CONSTRAINT received_means_inbound CHECK (((((direction)::text = 'in'::text) AND ((status)::text = 'received'::text)) OR (((direction)::text = 'out'::text) AND (NOT ((status)::text = 'received'::text)))))
)

CREATE TABLE kontor_template.conversations_outboundattempt (
    id uuid NOT NULL,
    number smallint NOT NULL,
    started_at timestamp with time zone NOT NULL,
    lease_until timestamp with time zone NOT NULL,
    finished_at timestamp with time zone,
    outcome character varying(10) NOT NULL,
    error_kind character varying(24) NOT NULL,
    error_code character varying(60) NOT NULL,
    error_detail character varying(500) NOT NULL,
    way character varying(10) NOT NULL,
    is_probe boolean NOT NULL,
    retry_at timestamp with time zone,
    message_id uuid NOT NULL
)

CREATE TABLE kontor_template.conversations_parkeditem (
    id uuid NOT NULL,
    external_id character varying(300) NOT NULL,
    kind character varying(20) NOT NULL,
    content jsonb NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    parked_at timestamp with time zone NOT NULL,
    inbox_id uuid NOT NULL
)

CREATE TABLE kontor_template.conversations_readmark (
    id uuid NOT NULL,
    number integer NOT NULL,
    agent_id uuid NOT NULL,
    conversation_id uuid NOT NULL
)

CREATE TABLE kontor_template.conversations_session (
    id uuid NOT NULL,
    started_at timestamp with time zone NOT NULL,
    started_by_customer boolean NOT NULL,
    resolved_at timestamp with time zone,
    conversation_id uuid NOT NULL,
    inbox_id uuid NOT NULL,
    resolved_by_id uuid
)

CREATE TABLE kontor_template.conversations_storageuse (
    id smallint NOT NULL,
    used bigint NOT NULL,
    CONSTRAINT one_storage_use CHECK ((id = 1)),
    CONSTRAINT storage_use_not_negative CHECK ((used >= 0))
)

CREATE TABLE kontor_template.conversations_storedfile (
    id uuid NOT NULL,
    origin character varying(8) NOT NULL,
    state character varying(8) NOT NULL,
    reason character varying(24) NOT NULL,
    name character varying(200) NOT NULL,
    mime character varying(120) NOT NULL,
    size bigint,
    sha256 character varying(64) NOT NULL,
    width integer,
    height integer,
    seconds double precision,
    path character varying(100) NOT NULL,
    thumbnail_path character varying(100) NOT NULL,
    uploaded_by uuid,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT stored_file_has_content_or_reason CHECK (((((reason)::text = ''::text) AND (size IS NOT NULL) AND ((state)::text = 'stored'::text) AND (NOT ((path)::text = ''::text)) AND (NOT ((sha256)::text = ''::text))) OR (((path)::text = ''::text) AND (state IN ('refused', 'missing')) AND ((thumbnail_path)::text = ''::text) AND (NOT ((reason)::text = ''::text)))))
)

CREATE TABLE kontor_template.conversations_wait (
    id uuid NOT NULL,
    is_first boolean NOT NULL,
    started_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    answered_outside boolean NOT NULL,
    dropped boolean NOT NULL,
    answered_by_id uuid,
    assignee_id uuid,
    conversation_id uuid NOT NULL,
    inbox_id uuid NOT NULL,
    session_id uuid NOT NULL,
    team_id uuid,
    CONSTRAINT wait_ends_after_start CHECK (((ended_at IS NULL) OR (ended_at >= started_at)))
)

CREATE TABLE kontor_template.django_migrations (
    id bigint NOT NULL GENERATED BY DEFAULT AS IDENTITY (SEQUENCE NAME kontor_template.django_migrations_id_seq START WITH 1 INCREMENT BY 1 NO MINVALUE NO MAXVALUE CACHE 1),
    app character varying(255) NOT NULL,
    name character varying(255) NOT NULL,
    applied timestamp with time zone NOT NULL
)

CREATE TABLE kontor_template.mailbox_mailboxcursor (
    id uuid NOT NULL,
    uid_validity bigint NOT NULL,
    last_uid bigint NOT NULL,
    read_at timestamp with time zone,
    busy_until timestamp with time zone,
    failures integer NOT NULL,
    try_at timestamp with time zone,
    error character varying(40) NOT NULL,
    error_detail character varying(300) NOT NULL,
    stuck_uid bigint NOT NULL,
    stuck_tries smallint NOT NULL,
    skipped integer NOT NULL,
    inbox_id uuid NOT NULL
)

CREATE TABLE kontor_template.message_templates_messagetemplate (
    id uuid NOT NULL,
    external_id character varying(255) NOT NULL,
    name character varying(512) NOT NULL,
    language character varying(20) NOT NULL,
    category character varying(40) NOT NULL,
    status character varying(40) NOT NULL,
    reason character varying(500) NOT NULL,
    quality character varying(20) NOT NULL,
    header_kind character varying(20) NOT NULL,
    header text NOT NULL,
    body text NOT NULL,
    footer text NOT NULL,
    buttons jsonb NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    inbox_id uuid NOT NULL
)

CREATE TABLE kontor_template.search_messageterms (
    message_id uuid NOT NULL,
    sent_at timestamp with time zone NOT NULL,
    folded text NOT NULL,
    terms tsvector NOT NULL,
    conversation_id uuid NOT NULL,
    inbox_id uuid NOT NULL
)

CREATE TABLE kontor_template.surveys_surveyresponse (
    id uuid NOT NULL,
    source character varying(80) NOT NULL,
    number character varying(200) NOT NULL,
    kind character varying(4) NOT NULL,
    survey character varying(120) NOT NULL,
    score smallint NOT NULL,
    comment text NOT NULL,
    agent_name character varying(120) NOT NULL,
    asked_at timestamp with time zone,
    answered_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    agent_id uuid,
    contact_id uuid NOT NULL,
    conversation_id uuid,
    identity_id uuid,
    CONSTRAINT survey_score_on_its_scale CHECK (((((kind)::text = 'csat'::text) AND (score >= 1) AND (score <= 5)) OR (((kind)::text = 'nps'::text) AND (score >= 0) AND (score <= 10)))),
    CONSTRAINT surveys_surveyresponse_score_check CHECK ((score >= 0))
)

CREATE TABLE kontor_template.workspace_absence (
    id uuid NOT NULL,
    started_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    agent_id uuid NOT NULL,
    CONSTRAINT absence_ends_after_start CHECK (((ended_at IS NULL) OR (ended_at >= started_at)))
)

CREATE TABLE kontor_template.workspace_agent (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    name character varying(120) NOT NULL,
    availability character varying(8) NOT NULL,
    is_active boolean NOT NULL,
    created_at timestamp with time zone NOT NULL
)

CREATE TABLE kontor_template.workspace_apitoken (
    id uuid NOT NULL,
    name character varying(80) NOT NULL,
    prefix character varying(12) NOT NULL,
    digest character varying(64) NOT NULL,
    access character varying(8) NOT NULL,
    created_at timestamp with time zone NOT NULL,
    last_used_at timestamp with time zone,
    expires_at timestamp with time zone,
    revoked_at timestamp with time zone,
    agent_id uuid
)

CREATE TABLE kontor_template.workspace_auditentry (
    id uuid NOT NULL,
    user_id uuid,
    user_name character varying(120) NOT NULL,
    act character varying(60) NOT NULL,
    target_type character varying(60) NOT NULL,
    target_id character varying(64) NOT NULL,
    target_name character varying(200) NOT NULL,
    changes jsonb NOT NULL,
    address inet,
    happened_at timestamp with time zone NOT NULL
)

CREATE TABLE kontor_template.workspace_businesshours (
    id uuid NOT NULL,
    name character varying(80) NOT NULL,
    timezone character varying(60) NOT NULL,
    weekly jsonb NOT NULL,
    special_days jsonb NOT NULL
)

CREATE TABLE kontor_template.workspace_cursor (
    reactor character varying(80) NOT NULL,
    sequence bigint NOT NULL,
    failing_sequence bigint,
    attempts smallint NOT NULL,
    retry_at timestamp with time zone,
    moved_at timestamp with time zone NOT NULL,
    CONSTRAINT workspace_cursor_attempts_check CHECK ((attempts >= 0))
)

CREATE TABLE kontor_template.workspace_deadevent (
    id uuid NOT NULL,
    reactor character varying(80) NOT NULL,
    sequence bigint NOT NULL,
    error text NOT NULL,
    died_at timestamp with time zone NOT NULL,
    replayed_at timestamp with time zone
)

CREATE TABLE kontor_template.workspace_event (
    sequence bigint NOT NULL,
    name character varying(60) NOT NULL,
    payload jsonb NOT NULL,
    actor_kind character varying(12) NOT NULL,
    actor_id uuid,
    contact_id uuid,
    conversation_id uuid,
    happened_at timestamp with time zone NOT NULL
)

CREATE TABLE kontor_template.workspace_eventcounter (
    id smallint NOT NULL,
    newest bigint NOT NULL,
    CONSTRAINT one_event_counter CHECK ((id = 1))
)

CREATE TABLE kontor_template.workspace_idempotencykey (
    id uuid NOT NULL,
    key character varying(200) NOT NULL,
    path character varying(300) NOT NULL,
    request_digest character varying(64) NOT NULL,
    status smallint,
    response jsonb,
    created_at timestamp with time zone NOT NULL,
    token_id uuid NOT NULL,
    CONSTRAINT workspace_idempotencykey_status_check CHECK ((status >= 0))
)

CREATE TABLE kontor_template.workspace_team (
    id uuid NOT NULL,
    name character varying(80) NOT NULL
)

CREATE TABLE kontor_template.workspace_team_agents (
    id bigint NOT NULL GENERATED BY DEFAULT AS IDENTITY (SEQUENCE NAME kontor_template.workspace_team_agents_id_seq START WITH 1 INCREMENT BY 1 NO MINVALUE NO MAXVALUE CACHE 1),
    team_id uuid NOT NULL,
    agent_id uuid NOT NULL
)

ALTER TABLE ONLY kontor_template.comments_answergiven
    ADD CONSTRAINT comments_answergiven_comment_id_key UNIQUE (comment_id)

ALTER TABLE ONLY kontor_template.comments_answergiven
    ADD CONSTRAINT comments_answergiven_pkey PRIMARY KEY (id)

ALTER TABLE ONLY kontor_template.comments_automaticanswer
    ADD CONSTRAINT comments_automaticanswer_pkey PRIMARY KEY (id)

ALTER TABLE ONLY kontor_template.comments_comment
    ADD CONSTRAINT comments_comment_message_id_key UNIQUE (message_id)

ALTER TABLE ONLY kontor_template.comments_comment
    ADD CONSTRAINT comments_comment_pkey PRIMARY KEY (id)

ALTER TABLE ONLY kontor_template.comments_comment
    ADD CONSTRAINT comments_comment_private_message_id_key UNIQUE (private_message_id)

ALTER TABLE ONLY kontor_template.comments_post
    ADD CONSTRAINT comments_post_pkey PRIMARY KEY (id)

ALTER TABLE ONLY kontor_template.contacts_accessalert
    ADD CONSTRAINT contacts_accessalert_pkey PRIMARY KEY (id)

ALTER TABLE ONLY kontor_template.contacts_accessentry
    ADD CONSTRAINT contacts_accessentry_pkey PRIMARY KEY (id)

ALTER TABLE ONLY kontor_template.contacts_accesslimit
    ADD CONSTRAINT contacts_accesslimit_pkey PRIMARY KEY (id)

ALTER TABLE ONLY kontor_template.contacts_bulkrun
    ADD CONSTRAINT contacts_bulkrun_pkey PRIMARY KEY (id)

ALTER TABLE ONLY kontor_template.contacts_consent
    ADD CONSTRAINT contacts_consent_pkey PRIMARY KEY (id)

ALTER TABLE ONLY kontor_template.contacts_contact
    ADD CONSTRAINT contacts_contact_pkey PRIMARY KEY (id)

ALTER TABLE ONLY kontor_template.contacts_contactaddress
    ADD CONSTRAINT contacts_contactaddress_pkey PRIMARY KEY (id)

ALTER TABLE ONLY kontor_template.contacts_contactidentity
    ADD CONSTRAINT contacts_contactidentity_pkey PRIMARY KEY (id)

ALTER TABLE ONLY kontor_template.contacts_contactlabel
    ADD CONSTRAINT contacts_contactlabel_pkey PRIMARY KEY (id)

ALTER TABLE ONLY kontor_template.contacts_contactnote
    ADD CONSTRAINT contacts_contactnote_pkey PRIMARY KEY (id)

ALTER TABLE ONLY kontor_template.contacts_contactterms
    ADD CONSTRAINT contacts_contactterms_pkey PRIMARY KEY (contact_id)

ALTER TABLE ONLY kontor_template.contacts_customfield
    ADD CONSTRAINT contacts_customfield_key_key UNIQUE (key)

ALTER TABLE ONLY kontor_template.contacts_customfield
    ADD CONSTRAINT contacts_customfield_pkey PRIMARY KEY (id)

ALTER TABLE ONLY kontor_template.contacts_erasure
    ADD CONSTRAINT contacts_erasure_number_key UNIQUE (number)

ALTER TABLE ONLY kontor_template.contacts_erasure
    ADD CONSTRAINT contacts_erasure_pkey PRIMARY KEY (id)

ALTER TABLE ONLY kontor_template.contacts_erasureentry
    ADD CONSTRAINT contacts_erasureentry_digest_key UNIQUE (digest)

ALTER TABLE ONLY kontor_template.contacts_erasureentry
    ADD CONSTRAINT contacts_erasureentry_pkey PRIMARY KEY (id)

ALTER TABLE ONLY kontor_template.contacts_importrow
    ADD CONSTRAINT contacts_importrow_pkey PRIMARY KEY (id)

ALTER TABLE ONLY kontor_template.contacts_importrun
    ADD CONSTRAINT contacts_importrun_pkey PRIMARY KEY (id)

ALTER TABLE ONLY kontor_template.contacts_label
    ADD CONSTRAINT contacts_label_pkey PRIMARY KEY (id)

ALTER TABLE ONLY kontor_template.contacts_legalhold
    ADD CONSTRAINT contacts_legalhold_pkey PRIMARY KEY (id)

ALTER TABLE ONLY kontor_template.contacts_matchkey
    ADD CONSTRAINT contacts_matchkey_pkey PRIMARY KEY (id)

ALTER TABLE ONLY kontor_template.contacts_mergedcontact
    ADD CONSTRAINT contacts_mergedcontact_pkey PRIMARY KEY (id)

ALTER TABLE ONLY kontor_template.contacts_mergerecord
    ADD CONSTRAINT contacts_mergerecord_pkey PRIMARY KEY (id)

ALTER TABLE ONLY kontor_template.contacts_movedevents
    ADD CONSTRAINT contacts_movedevents_pkey PRIMARY KEY (id)

ALTER TABLE ONLY kontor_template.contacts_order
    ADD CONSTRAINT contacts_order_pkey PRIMARY KEY (id)

ALTER TABLE ONLY kontor_template.contacts_personexport
    ADD CONSTRAINT contacts_personexport_pkey PRIMARY KEY (id)

ALTER TABLE ONLY kontor_template.contacts_retentionrule
    ADD CONSTRAINT contacts_retentionrule_kind_key UNIQUE (kind)

ALTER TABLE ONLY kontor_template.contacts_retentionrule
    ADD CONSTRAINT contacts_retentionrule_pkey PRIMARY KEY (id)

ALTER TABLE ONLY kontor_template.contacts_segment
    ADD CONSTRAINT contacts_segment_pkey PRIMARY KEY (id)

ALTER TABLE ONLY kontor_template.contacts_selectedcontact
    ADD CONSTRAINT contacts_selectedcontact_pkey PRIMARY KEY (id)

ALTER TABLE ONLY kontor_template.contacts_suggestion
    ADD CONSTRAINT contacts_suggestion_pkey PRIMARY KEY (id)

ALTER TABLE ONLY kontor_template.conversations_accesstoken
    ADD CONSTRAINT conversations_accesstoken_inbox_id_key UNIQUE (inbox_id)

ALTER TABLE ONLY kontor_template.conversations_accesstoken
    ADD CONSTRAINT conversations_accesstoken_pkey PRIMARY KEY (id)

ALTER TABLE ONLY kontor_template.conversations_attachment
    ADD CONSTRAINT conversations_attachment_pkey PRIMARY KEY (id)

ALTER TABLE ONLY kontor_template.conversations_conversation
    ADD CONSTRAINT conversations_conversation_pkey PRIMARY KEY (id)

ALTER TABLE ONLY kontor_template.conversations_inboundrecord
    ADD CONSTRAINT conversations_inboundrecord_pkey PRIMARY KEY (id)

ALTER TABLE ONLY kontor_template.conversations_inbox
    ADD CONSTRAINT conversations_inbox_pkey PRIMARY KEY (id)

ALTER TABLE ONLY kontor_template.conversations_inbox_teams
    ADD CONSTRAINT conversations_inbox_teams_inbox_id_team_id_ee0df431_uniq UNIQUE (inbox_id, team_id)

ALTER TABLE ONLY kontor_template.conversations_inbox_teams
    ADD CONSTRAINT conversations_inbox_teams_pkey PRIMARY KEY (id)

ALTER TABLE ONLY kontor_template.conversations_message
    ADD CONSTRAINT conversations_message_pkey PRIMARY KEY (id)

ALTER TABLE ONLY kontor_template.conversations_outboundattempt
    ADD CONSTRAINT conversations_outboundattempt_pkey PRIMARY KEY (id)

ALTER TABLE ONLY kontor_template.conversations_parkeditem
    ADD CONSTRAINT conversations_parkeditem_pkey PRIMARY KEY (id)

ALTER TABLE ONLY kontor_template.conversations_readmark
    ADD CONSTRAINT conversations_readmark_pkey PRIMARY KEY (id)

ALTER TABLE ONLY kontor_template.conversations_session
    ADD CONSTRAINT conversations_session_pkey PRIMARY KEY (id)

ALTER TABLE ONLY kontor_template.conversations_storageuse
    ADD CONSTRAINT conversations_storageuse_pkey PRIMARY KEY (id)

ALTER TABLE ONLY kontor_template.conversations_storedfile
    ADD CONSTRAINT conversations_storedfile_pkey PRIMARY KEY (id)

ALTER TABLE ONLY kontor_template.conversations_wait
    ADD CONSTRAINT conversations_wait_pkey PRIMARY KEY (id)

ALTER TABLE ONLY kontor_template.django_migrations
    ADD CONSTRAINT django_migrations_pkey PRIMARY KEY (id)

ALTER TABLE ONLY kontor_template.contacts_contactidentity
    ADD CONSTRAINT identity_with_its_contact UNIQUE (id, contact_id)

ALTER TABLE ONLY kontor_template.mailbox_mailboxcursor
    ADD CONSTRAINT mailbox_mailboxcursor_inbox_id_key UNIQUE (inbox_id)

ALTER TABLE ONLY kontor_template.mailbox_mailboxcursor
    ADD CONSTRAINT mailbox_mailboxcursor_pkey PRIMARY KEY (id)

ALTER TABLE ONLY kontor_template.message_templates_messagetemplate
    ADD CONSTRAINT message_templates_messagetemplate_pkey PRIMARY KEY (id)

ALTER TABLE ONLY kontor_template.contacts_contactaddress
    ADD CONSTRAINT one_address_per_contact_and_value UNIQUE (contact_id, kind, value)

ALTER TABLE ONLY kontor_template.workspace_idempotencykey
    ADD CONSTRAINT one_answer_per_idempotency_key UNIQUE (token_id, key)

ALTER TABLE ONLY kontor_template.comments_answergiven
    ADD CONSTRAINT one_answer_per_person_and_post UNIQUE (rule_id, post_id, identity_id)

ALTER TABLE ONLY kontor_template.conversations_attachment
    ADD CONSTRAINT one_attachment_per_position UNIQUE (message_id, "position")

ALTER TABLE ONLY kontor_template.conversations_outboundattempt
    ADD CONSTRAINT one_attempt_per_number UNIQUE (message_id, number)

ALTER TABLE ONLY kontor_template.comments_comment
    ADD CONSTRAINT one_comment_per_id UNIQUE (inbox_id, comment_id)

ALTER TABLE ONLY kontor_template.workspace_deadevent
    ADD CONSTRAINT one_death_per_reactor_and_event UNIQUE (reactor, sequence)

ALTER TABLE ONLY kontor_template.contacts_contactidentity
    ADD CONSTRAINT one_identity_per_address UNIQUE (channel, scope, address)

ALTER TABLE ONLY kontor_template.conversations_inbox
    ADD CONSTRAINT one_inbox_per_account UNIQUE (channel, account_id)

ALTER TABLE ONLY kontor_template.contacts_contactlabel
    ADD CONSTRAINT one_label_of_a_kind_per_contact UNIQUE (contact_id, label_id)

ALTER TABLE ONLY kontor_template.contacts_matchkey
    ADD CONSTRAINT one_match_key_of_a_kind UNIQUE (contact_id, kind, digest)

ALTER TABLE ONLY kontor_template.contacts_mergedcontact
    ADD CONSTRAINT one_merged_contact_per_merge UNIQUE (record_id, contact_id)

ALTER TABLE ONLY kontor_template.conversations_message
    ADD CONSTRAINT one_message_per_number UNIQUE (conversation_id, number)

ALTER TABLE ONLY kontor_template.contacts_order
    ADD CONSTRAINT one_order_per_number UNIQUE (shop, number)

ALTER TABLE ONLY kontor_template.contacts_importrow
    ADD CONSTRAINT one_outcome_per_imported_row UNIQUE (run_id, number)

ALTER TABLE ONLY kontor_template.conversations_parkeditem
    ADD CONSTRAINT one_parked_item_per_kind UNIQUE (inbox_id, external_id, kind)

ALTER TABLE ONLY kontor_template.contacts_selectedcontact
    ADD CONSTRAINT one_place_per_selected UNIQUE (run_id, number)

ALTER TABLE ONLY kontor_template.comments_post
    ADD CONSTRAINT one_post_per_id UNIQUE (inbox_id, external_id)

ALTER TABLE ONLY kontor_template.conversations_readmark
    ADD CONSTRAINT one_read_mark_per_agent_and_conversation UNIQUE (agent_id, conversation_id)

ALTER TABLE ONLY kontor_template.contacts_suggestion
    ADD CONSTRAINT one_suggestion_per_pair UNIQUE (low_id, high_id)

ALTER TABLE ONLY kontor_template.surveys_surveyresponse
    ADD CONSTRAINT one_survey_response_per_number UNIQUE (source, number)

ALTER TABLE ONLY kontor_template.message_templates_messagetemplate
    ADD CONSTRAINT one_template_per_language UNIQUE (inbox_id, name, language)

ALTER TABLE ONLY kontor_template.search_messageterms
    ADD CONSTRAINT search_messageterms_pkey PRIMARY KEY (message_id)

ALTER TABLE ONLY kontor_template.surveys_surveyresponse
    ADD CONSTRAINT surveys_surveyresponse_pkey PRIMARY KEY (id)

ALTER TABLE ONLY kontor_template.workspace_absence
    ADD CONSTRAINT workspace_absence_pkey PRIMARY KEY (id)

ALTER TABLE ONLY kontor_template.workspace_agent
    ADD CONSTRAINT workspace_agent_pkey PRIMARY KEY (id)

ALTER TABLE ONLY kontor_template.workspace_agent
    ADD CONSTRAINT workspace_agent_user_id_key UNIQUE (user_id)

ALTER TABLE ONLY kontor_template.workspace_apitoken
    ADD CONSTRAINT workspace_apitoken_digest_key UNIQUE (digest)

ALTER TABLE ONLY kontor_template.workspace_apitoken
    ADD CONSTRAINT workspace_apitoken_pkey PRIMARY KEY (id)

ALTER TABLE ONLY kontor_template.workspace_auditentry
    ADD CONSTRAINT workspace_auditentry_pkey PRIMARY KEY (id)

ALTER TABLE ONLY kontor_template.workspace_businesshours
    ADD CONSTRAINT workspace_businesshours_name_key UNIQUE (name)

ALTER TABLE ONLY kontor_template.workspace_businesshours
    ADD CONSTRAINT workspace_businesshours_pkey PRIMARY KEY (id)

ALTER TABLE ONLY kontor_template.workspace_cursor
    ADD CONSTRAINT workspace_cursor_pkey PRIMARY KEY (reactor)

ALTER TABLE ONLY kontor_template.workspace_deadevent
    ADD CONSTRAINT workspace_deadevent_pkey PRIMARY KEY (id)

ALTER TABLE ONLY kontor_template.workspace_event
    ADD CONSTRAINT workspace_event_pkey PRIMARY KEY (sequence)

ALTER TABLE ONLY kontor_template.workspace_eventcounter
    ADD CONSTRAINT workspace_eventcounter_pkey PRIMARY KEY (id)

ALTER TABLE ONLY kontor_template.workspace_idempotencykey
    ADD CONSTRAINT workspace_idempotencykey_pkey PRIMARY KEY (id)

ALTER TABLE ONLY kontor_template.workspace_team_agents
    ADD CONSTRAINT workspace_team_agents_pkey PRIMARY KEY (id)

ALTER TABLE ONLY kontor_template.workspace_team_agents
    ADD CONSTRAINT workspace_team_agents_team_id_agent_id_be654493_uniq UNIQUE (team_id, agent_id)

ALTER TABLE ONLY kontor_template.workspace_team
    ADD CONSTRAINT workspace_team_name_key UNIQUE (name)

ALTER TABLE ONLY kontor_template.workspace_team
    ADD CONSTRAINT workspace_team_pkey PRIMARY KEY (id)

CREATE INDEX access_alert_newest_first ON kontor_template.contacts_accessalert USING btree (raised_at DESC, id DESC)

CREATE INDEX access_by_actor ON kontor_template.contacts_accessentry USING btree (actor_id, happened_at DESC, id DESC)

CREATE INDEX access_by_subject ON kontor_template.contacts_accessentry USING btree (subject_id, happened_at DESC, id DESC)

CREATE INDEX access_newest_first ON kontor_template.contacts_accessentry USING btree (happened_at DESC, id DESC)

CREATE INDEX attachment_by_file ON kontor_template.conversations_attachment USING btree (file_id) WHERE (file_id IS NOT NULL)

CREATE INDEX attachment_without_file ON kontor_template.conversations_attachment USING btree (id) WHERE ((file_id IS NULL) AND ((kind IN ('image', 'video', 'audio', 'file')) OR (((kind)::text = 'sticker'::text) AND ((NOT (url = ''::text)) OR (NOT ((media_id)::text = ''::text))))))

CREATE INDEX automatic_answer_active ON kontor_template.comments_automaticanswer USING btree (inbox_id) WHERE is_active

CREATE INDEX bulk_newest_first ON kontor_template.contacts_bulkrun USING btree (created_at DESC, id DESC)

CREATE INDEX comment_by_private_address ON kontor_template.comments_comment USING btree (inbox_id, private_address) WHERE (NOT ((private_address)::text = ''::text))

CREATE INDEX comments_answergiven_identity_id_a87a43b5 ON kontor_template.comments_answergiven USING btree (identity_id)

CREATE INDEX comments_answergiven_post_id_de4473cb ON kontor_template.comments_answergiven USING btree (post_id)

CREATE INDEX comments_comment_post_id_96a9ac05 ON kontor_template.comments_comment USING btree (post_id)

CREATE INDEX consent_newest_first ON kontor_template.contacts_consent USING btree (contact_id, purpose, channel, stated_at DESC, id DESC)

CREATE INDEX contact_address_by_value ON kontor_template.contacts_contactaddress USING btree (kind, value)

CREATE INDEX contact_by_name ON kontor_template.contacts_contact USING btree (COALESCE(NULLIF(lower((name)::text), ''::text), '􏿿'::text), id)

CREATE INDEX contact_by_own_fields ON kontor_template.contacts_contact USING gin (custom jsonb_path_ops) WHERE (NOT (custom = '{}'::jsonb))

CREATE INDEX contact_newest_first ON kontor_template.contacts_contact USING btree (created_at DESC, id DESC)

CREATE INDEX contact_seen_last_first ON kontor_template.contacts_contact USING btree (COALESCE(last_seen_at, '0001-01-01 00:00:00+00'::timestamp with time zone) DESC, id DESC)

CREATE INDEX contact_sign_posts ON kontor_template.contacts_contact USING btree (merged_into_id) WHERE (merged_into_id IS NOT NULL)

CREATE INDEX contact_terms ON kontor_template.contacts_contactterms USING gin (terms) WITH (fastupdate=off)

CREATE INDEX contacts_accessalert_agent_id_15566444 ON kontor_template.contacts_accessalert USING btree (agent_id)

CREATE INDEX contacts_bulkrun_label_id_6a8add6e ON kontor_template.contacts_bulkrun USING btree (label_id)

CREATE INDEX contacts_contactidentity_contact_id_eb9adef7 ON kontor_template.contacts_contactidentity USING btree (contact_id)

CREATE INDEX contacts_contactidentity_stands_for_id_0e0941eb ON kontor_template.contacts_contactidentity USING btree (stands_for_id)

CREATE INDEX contacts_contactlabel_label_id_cc056834 ON kontor_template.contacts_contactlabel USING btree (label_id)

CREATE INDEX contacts_contactnote_author_id_d94c92b2 ON kontor_template.contacts_contactnote USING btree (author_id)

CREATE INDEX contacts_customfield_key_c5ad96f0_like ON kontor_template.contacts_customfield USING btree (key varchar_pattern_ops)

CREATE INDEX contacts_legalhold_owner_id_936414d4 ON kontor_template.contacts_legalhold USING btree (owner_id)

CREATE INDEX contacts_mergedcontact_contact_id_c1b7ddfe ON kontor_template.contacts_mergedcontact USING btree (contact_id)

CREATE INDEX contacts_mergedcontact_record_id_12f58c09 ON kontor_template.contacts_mergedcontact USING btree (record_id)

CREATE INDEX contacts_mergerecord_survivor_id_516357f2 ON kontor_template.contacts_mergerecord USING btree (survivor_id)

CREATE INDEX contacts_movedevents_merged_id_3b6b72d6 ON kontor_template.contacts_movedevents USING btree (merged_id)

CREATE INDEX contacts_personexport_contact_id_39b9c957 ON kontor_template.contacts_personexport USING btree (contact_id)

CREATE INDEX contacts_retentionrule_kind_ad98e940_like ON kontor_template.contacts_retentionrule USING btree (kind varchar_pattern_ops)

CREATE INDEX contacts_segment_owner_id_4acefd87 ON kontor_template.contacts_segment USING btree (owner_id)

CREATE INDEX contacts_suggestion_high_id_86527b96 ON kontor_template.contacts_suggestion USING btree (high_id)

CREATE INDEX conversation_by_assignee ON kontor_template.conversations_conversation USING btree (assignee_id, status, last_activity_at DESC, id DESC)

CREATE INDEX conversation_by_status ON kontor_template.conversations_conversation USING btree (status, last_activity_at DESC, id DESC)

CREATE INDEX conversation_newest_first ON kontor_template.conversations_conversation USING btree (last_activity_at DESC, id DESC)

CREATE INDEX conversation_snoozed ON kontor_template.conversations_conversation USING btree (snoozed_until) WHERE ((status)::text = 'snoozed'::text)

CREATE INDEX conversation_waiting ON kontor_template.conversations_conversation USING btree (waiting_since) WHERE (waiting_since IS NOT NULL)

CREATE INDEX conversations_conversation_contact_id_000135ab ON kontor_template.conversations_conversation USING btree (contact_id)

CREATE INDEX conversations_conversation_identity_id_b4b18dc8 ON kontor_template.conversations_conversation USING btree (identity_id)

CREATE INDEX conversations_conversation_team_id_c9f144f2 ON kontor_template.conversations_conversation USING btree (team_id)

CREATE INDEX conversations_inbox_teams_inbox_id_da70c229 ON kontor_template.conversations_inbox_teams USING btree (inbox_id)

CREATE INDEX conversations_inbox_teams_team_id_bdefd1a7 ON kontor_template.conversations_inbox_teams USING btree (team_id)

CREATE INDEX conversations_readmark_conversation_id_05bbc5e7 ON kontor_template.conversations_readmark USING btree (conversation_id)

CREATE INDEX conversations_session_conversation_id_b8580b4c ON kontor_template.conversations_session USING btree (conversation_id)

CREATE INDEX conversations_wait_conversation_id_8ef43a13 ON kontor_template.conversations_wait USING btree (conversation_id)

CREATE INDEX conversations_wait_session_id_a0e8491e ON kontor_template.conversations_wait USING btree (session_id)

CREATE INDEX erasure_by_contact ON kontor_template.contacts_erasure USING btree (contact_id)

CREATE INDEX event_by_contact ON kontor_template.workspace_event USING btree (contact_id, sequence DESC)

CREATE INDEX event_by_conversation ON kontor_template.workspace_event USING btree (conversation_id, sequence DESC)

CREATE INDEX event_of_person ON kontor_template.workspace_event USING btree (contact_id, happened_at DESC, sequence DESC) WHERE ((contact_id IS NOT NULL) AND (NOT ((name)::text ~~ 'message.%'::text)) AND (NOT ((name)::text ~~ 'file.%'::text)))

CREATE INDEX hold_by_contact ON kontor_template.contacts_legalhold USING btree (contact_id)

CREATE INDEX idempotency_by_age ON kontor_template.workspace_idempotencykey USING btree (created_at)

CREATE INDEX import_newest_first ON kontor_template.contacts_importrun USING btree (created_at DESC, id DESC)

CREATE INDEX import_row_by_contact ON kontor_template.contacts_importrow USING btree (contact_id) WHERE (contact_id IS NOT NULL)

CREATE INDEX inbound_by_age ON kontor_template.conversations_inboundrecord USING brin (received_at)

CREATE INDEX inbound_by_inbox ON kontor_template.conversations_inboundrecord USING btree (inbox_id, received_at) INCLUDE (state, outcome, repeats)

CREATE INDEX inbound_unfinished ON kontor_template.conversations_inboundrecord USING btree (state, received_at) WHERE (NOT ((state)::text = 'done'::text))

CREATE INDEX match_key_by_digest ON kontor_template.contacts_matchkey USING btree (digest, kind)

CREATE INDEX message_pending ON kontor_template.conversations_message USING btree (conversation_id, number) WHERE ((status)::text = 'pending'::text)

CREATE INDEX message_terms ON kontor_template.search_messageterms USING gin (terms) WITH (fastupdate=off)

CREATE INDEX message_terms_newest_first ON kontor_template.search_messageterms USING btree (sent_at DESC, message_id DESC)

CREATE INDEX message_thread ON kontor_template.conversations_message USING btree (conversation_id, sent_at DESC, number DESC)

CREATE INDEX message_undelivered ON kontor_template.conversations_message USING btree (conversation_id, sent_at) WHERE (((direction)::text = 'out'::text) AND (status IN ('sent', 'delivered')))

CREATE INDEX message_unsettled ON kontor_template.conversations_message USING btree (conversation_id, number) WHERE (status IN ('pending', 'failed', 'unconfirmed'))

CREATE INDEX note_newest_first ON kontor_template.contacts_contactnote USING btree (contact_id, created_at DESC, id DESC)

CREATE UNIQUE INDEX one_call_at_a_time ON kontor_template.conversations_outboundattempt USING btree (message_id) WHERE ((outcome)::text = 'calling'::text)

CREATE UNIQUE INDEX one_first_wait_per_session ON kontor_template.conversations_wait USING btree (session_id) WHERE is_first

CREATE UNIQUE INDEX one_label_per_name ON kontor_template.contacts_label USING btree (lower((name)::text))

CREATE UNIQUE INDEX one_live_conversation_per_identity ON kontor_template.conversations_conversation USING btree (inbox_id, identity_id, thread) WHERE (NOT ((status)::text = 'resolved'::text))

CREATE UNIQUE INDEX one_live_hold_per_contact ON kontor_template.contacts_legalhold USING btree (contact_id) WHERE (lifted_at IS NULL)

CREATE UNIQUE INDEX one_message_per_client_id ON kontor_template.conversations_message USING btree (conversation_id, client_id) WHERE (client_id IS NOT NULL)

CREATE UNIQUE INDEX one_message_per_external_id ON kontor_template.conversations_message USING btree (inbox_id, external_id) WHERE (NOT ((external_id)::text = ''::text))

CREATE UNIQUE INDEX one_open_absence_per_agent ON kontor_template.workspace_absence USING btree (agent_id) WHERE (ended_at IS NULL)

CREATE UNIQUE INDEX one_open_session_per_conversation ON kontor_template.conversations_session USING btree (conversation_id) WHERE (resolved_at IS NULL)

CREATE UNIQUE INDEX one_open_wait_per_conversation ON kontor_template.conversations_wait USING btree (conversation_id) WHERE (ended_at IS NULL)

CREATE UNIQUE INDEX one_record_per_event ON kontor_template.conversations_inboundrecord USING btree (channel, account_id, event_id) WHERE (NOT ((event_id)::text = ''::text))

CREATE UNIQUE INDEX one_segment_per_name ON kontor_template.contacts_segment USING btree (lower((name)::text), owner_id) NULLS NOT DISTINCT

CREATE INDEX order_newest_first ON kontor_template.contacts_order USING btree (contact_id, placed_at DESC, id DESC)

CREATE INDEX parked_by_age ON kontor_template.conversations_parkeditem USING btree (parked_at)

CREATE INDEX person_export_by_end ON kontor_template.contacts_personexport USING btree (expires_at)

CREATE INDEX search_messageterms_conversation_id_43829357 ON kontor_template.search_messageterms USING btree (conversation_id)

CREATE INDEX selected_by_contact ON kontor_template.contacts_selectedcontact USING btree (contact_id)

CREATE INDEX session_by_start ON kontor_template.conversations_session USING btree (inbox_id, started_at)

CREATE INDEX stored_file_by_age ON kontor_template.conversations_storedfile USING btree (created_at)

CREATE INDEX suggestion_strongest_first ON kontor_template.contacts_suggestion USING btree (state, score DESC, id DESC)

CREATE INDEX survey_response_newest_first ON kontor_template.surveys_surveyresponse USING btree (contact_id, answered_at DESC, id DESC)

CREATE INDEX surveys_surveyresponse_conversation_id_fd4cdeb7 ON kontor_template.surveys_surveyresponse USING btree (conversation_id)

CREATE INDEX surveys_surveyresponse_identity_id_83e718d9 ON kontor_template.surveys_surveyresponse USING btree (identity_id)

CREATE INDEX wait_by_end ON kontor_template.conversations_wait USING btree (inbox_id, ended_at) WHERE is_first

CREATE INDEX wait_by_start ON kontor_template.conversations_wait USING btree (inbox_id, started_at)

CREATE INDEX workspace_absence_agent_id_ab3d8663 ON kontor_template.workspace_absence USING btree (agent_id)

CREATE INDEX workspace_apitoken_agent_id_7bde8c2d ON kontor_template.workspace_apitoken USING btree (agent_id)

CREATE INDEX workspace_apitoken_digest_49cb4222_like ON kontor_template.workspace_apitoken USING btree (digest varchar_pattern_ops)

CREATE INDEX workspace_businesshours_name_37cdfebb_like ON kontor_template.workspace_businesshours USING btree (name varchar_pattern_ops)

CREATE INDEX workspace_cursor_reactor_e22a078a_like ON kontor_template.workspace_cursor USING btree (reactor varchar_pattern_ops)

CREATE INDEX workspace_idempotencykey_token_id_02776fa5 ON kontor_template.workspace_idempotencykey USING btree (token_id)

CREATE INDEX workspace_team_agents_agent_id_9c05c6d0 ON kontor_template.workspace_team_agents USING btree (agent_id)

CREATE INDEX workspace_team_agents_team_id_752c2f1b ON kontor_template.workspace_team_agents USING btree (team_id)

CREATE INDEX workspace_team_name_f64871e2_like ON kontor_template.workspace_team USING btree (name varchar_pattern_ops)

ALTER TABLE ONLY kontor_template.contacts_contactidentity
    ADD CONSTRAINT alias_has_the_same_contact FOREIGN KEY (stands_for_id, contact_id) REFERENCES kontor_template.contacts_contactidentity(id, contact_id) ON UPDATE CASCADE DEFERRABLE

ALTER TABLE ONLY kontor_template.comments_answergiven
    ADD CONSTRAINT comments_answergiven_comment_id_5317a459_fk_comments_comment_id FOREIGN KEY (comment_id) REFERENCES kontor_template.comments_comment(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.comments_answergiven
    ADD CONSTRAINT comments_answergiven_identity_id_a87a43b5_fk_contacts_ FOREIGN KEY (identity_id) REFERENCES kontor_template.contacts_contactidentity(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.comments_answergiven
    ADD CONSTRAINT comments_answergiven_post_id_de4473cb_fk_comments_post_id FOREIGN KEY (post_id) REFERENCES kontor_template.comments_post(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.comments_answergiven
    ADD CONSTRAINT comments_answergiven_rule_id_9b35ede5_fk_comments_ FOREIGN KEY (rule_id) REFERENCES kontor_template.comments_automaticanswer(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.comments_automaticanswer
    ADD CONSTRAINT comments_automatican_inbox_id_8cdac98c_fk_conversat FOREIGN KEY (inbox_id) REFERENCES kontor_template.conversations_inbox(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.comments_automaticanswer
    ADD CONSTRAINT comments_automaticanswer_post_id_a9d0c208_fk_comments_post_id FOREIGN KEY (post_id) REFERENCES kontor_template.comments_post(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.comments_comment
    ADD CONSTRAINT comments_comment_inbox_id_6ca5970f_fk_conversations_inbox_id FOREIGN KEY (inbox_id) REFERENCES kontor_template.conversations_inbox(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.comments_comment
    ADD CONSTRAINT comments_comment_message_id_6e562122_fk_conversat FOREIGN KEY (message_id) REFERENCES kontor_template.conversations_message(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.comments_comment
    ADD CONSTRAINT comments_comment_post_id_96a9ac05_fk_comments_post_id FOREIGN KEY (post_id) REFERENCES kontor_template.comments_post(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.comments_comment
    ADD CONSTRAINT comments_comment_private_message_id_5a2bc334_fk_conversat FOREIGN KEY (private_message_id) REFERENCES kontor_template.conversations_message(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.comments_post
    ADD CONSTRAINT comments_post_inbox_id_ceff4f80_fk_conversations_inbox_id FOREIGN KEY (inbox_id) REFERENCES kontor_template.conversations_inbox(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.contacts_accessalert
    ADD CONSTRAINT contacts_accessalert_agent_id_15566444_fk_workspace_agent_id FOREIGN KEY (agent_id) REFERENCES kontor_template.workspace_agent(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.contacts_bulkrun
    ADD CONSTRAINT contacts_bulkrun_label_id_6a8add6e_fk_contacts_label_id FOREIGN KEY (label_id) REFERENCES kontor_template.contacts_label(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.contacts_consent
    ADD CONSTRAINT contacts_consent_contact_id_e3883c86_fk_contacts_contact_id FOREIGN KEY (contact_id) REFERENCES kontor_template.contacts_contact(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.contacts_contact
    ADD CONSTRAINT contacts_contact_merged_into_id_940ac4a0_fk_contacts_contact_id FOREIGN KEY (merged_into_id) REFERENCES kontor_template.contacts_contact(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.contacts_contactaddress
    ADD CONSTRAINT contacts_contactaddr_contact_id_1757a38b_fk_contacts_ FOREIGN KEY (contact_id) REFERENCES kontor_template.contacts_contact(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.contacts_contactidentity
    ADD CONSTRAINT contacts_contactiden_contact_id_eb9adef7_fk_contacts_ FOREIGN KEY (contact_id) REFERENCES kontor_template.contacts_contact(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.contacts_contactidentity
    ADD CONSTRAINT contacts_contactiden_stands_for_id_0e0941eb_fk_contacts_ FOREIGN KEY (stands_for_id) REFERENCES kontor_template.contacts_contactidentity(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.contacts_contactlabel
    ADD CONSTRAINT contacts_contactlabe_contact_id_672f2d5f_fk_contacts_ FOREIGN KEY (contact_id) REFERENCES kontor_template.contacts_contact(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.contacts_contactlabel
    ADD CONSTRAINT contacts_contactlabel_label_id_cc056834_fk_contacts_label_id FOREIGN KEY (label_id) REFERENCES kontor_template.contacts_label(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.contacts_contactnote
    ADD CONSTRAINT contacts_contactnote_author_id_d94c92b2_fk_workspace_agent_id FOREIGN KEY (author_id) REFERENCES kontor_template.workspace_agent(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.contacts_contactnote
    ADD CONSTRAINT contacts_contactnote_contact_id_16d3354c_fk_contacts_contact_id FOREIGN KEY (contact_id) REFERENCES kontor_template.contacts_contact(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.contacts_contactterms
    ADD CONSTRAINT contacts_contactterm_contact_id_a782a42b_fk_contacts_ FOREIGN KEY (contact_id) REFERENCES kontor_template.contacts_contact(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.contacts_importrow
    ADD CONSTRAINT contacts_importrow_run_id_933465e9_fk_contacts_importrun_id FOREIGN KEY (run_id) REFERENCES kontor_template.contacts_importrun(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.contacts_legalhold
    ADD CONSTRAINT contacts_legalhold_contact_id_724f961a_fk_contacts_contact_id FOREIGN KEY (contact_id) REFERENCES kontor_template.contacts_contact(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.contacts_legalhold
    ADD CONSTRAINT contacts_legalhold_owner_id_936414d4_fk_workspace_agent_id FOREIGN KEY (owner_id) REFERENCES kontor_template.workspace_agent(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.contacts_matchkey
    ADD CONSTRAINT contacts_matchkey_contact_id_0c593396_fk_contacts_contact_id FOREIGN KEY (contact_id) REFERENCES kontor_template.contacts_contact(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.contacts_mergedcontact
    ADD CONSTRAINT contacts_mergedconta_contact_id_c1b7ddfe_fk_contacts_ FOREIGN KEY (contact_id) REFERENCES kontor_template.contacts_contact(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.contacts_mergedcontact
    ADD CONSTRAINT contacts_mergedconta_record_id_12f58c09_fk_contacts_ FOREIGN KEY (record_id) REFERENCES kontor_template.contacts_mergerecord(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.contacts_mergerecord
    ADD CONSTRAINT contacts_mergerecord_survivor_id_516357f2_fk_contacts_ FOREIGN KEY (survivor_id) REFERENCES kontor_template.contacts_contact(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.contacts_movedevents
    ADD CONSTRAINT contacts_movedevents_merged_id_3b6b72d6_fk_contacts_ FOREIGN KEY (merged_id) REFERENCES kontor_template.contacts_mergedcontact(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.contacts_order
    ADD CONSTRAINT contacts_order_contact_id_3d0809c5_fk_contacts_contact_id FOREIGN KEY (contact_id) REFERENCES kontor_template.contacts_contact(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.contacts_personexport
    ADD CONSTRAINT contacts_personexpor_contact_id_39b9c957_fk_contacts_ FOREIGN KEY (contact_id) REFERENCES kontor_template.contacts_contact(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.contacts_segment
    ADD CONSTRAINT contacts_segment_owner_id_4acefd87_fk_workspace_agent_id FOREIGN KEY (owner_id) REFERENCES kontor_template.workspace_agent(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.contacts_selectedcontact
    ADD CONSTRAINT contacts_selectedcontact_run_id_07b4e6d0_fk_contacts_bulkrun_id FOREIGN KEY (run_id) REFERENCES kontor_template.contacts_bulkrun(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.contacts_suggestion
    ADD CONSTRAINT contacts_suggestion_high_id_86527b96_fk_contacts_contact_id FOREIGN KEY (high_id) REFERENCES kontor_template.contacts_contact(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.contacts_suggestion
    ADD CONSTRAINT contacts_suggestion_low_id_119e9ce8_fk_contacts_contact_id FOREIGN KEY (low_id) REFERENCES kontor_template.contacts_contact(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.conversations_conversation
    ADD CONSTRAINT conversation_has_its_identitys_contact FOREIGN KEY (identity_id, contact_id) REFERENCES kontor_template.contacts_contactidentity(id, contact_id) ON UPDATE CASCADE DEFERRABLE

ALTER TABLE ONLY kontor_template.conversations_accesstoken
    ADD CONSTRAINT conversations_access_inbox_id_2e920684_fk_conversat FOREIGN KEY (inbox_id) REFERENCES kontor_template.conversations_inbox(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.conversations_attachment
    ADD CONSTRAINT conversations_attach_file_id_29cdeb9d_fk_conversat FOREIGN KEY (file_id) REFERENCES kontor_template.conversations_storedfile(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.conversations_attachment
    ADD CONSTRAINT conversations_attach_message_id_9179b1e8_fk_conversat FOREIGN KEY (message_id) REFERENCES kontor_template.conversations_message(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.conversations_conversation
    ADD CONSTRAINT conversations_conver_assignee_id_e845f644_fk_workspace FOREIGN KEY (assignee_id) REFERENCES kontor_template.workspace_agent(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.conversations_conversation
    ADD CONSTRAINT conversations_conver_contact_id_000135ab_fk_contacts_ FOREIGN KEY (contact_id) REFERENCES kontor_template.contacts_contact(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.conversations_conversation
    ADD CONSTRAINT conversations_conver_identity_id_b4b18dc8_fk_contacts_ FOREIGN KEY (identity_id) REFERENCES kontor_template.contacts_contactidentity(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.conversations_conversation
    ADD CONSTRAINT conversations_conver_inbox_id_c97f6da0_fk_conversat FOREIGN KEY (inbox_id) REFERENCES kontor_template.conversations_inbox(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.conversations_conversation
    ADD CONSTRAINT conversations_conver_team_id_c9f144f2_fk_workspace FOREIGN KEY (team_id) REFERENCES kontor_template.workspace_team(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.conversations_inboundrecord
    ADD CONSTRAINT conversations_inboun_inbox_id_d281eb69_fk_conversat FOREIGN KEY (inbox_id) REFERENCES kontor_template.conversations_inbox(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.conversations_inbox_teams
    ADD CONSTRAINT conversations_inbox__inbox_id_da70c229_fk_conversat FOREIGN KEY (inbox_id) REFERENCES kontor_template.conversations_inbox(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.conversations_inbox_teams
    ADD CONSTRAINT conversations_inbox_teams_team_id_bdefd1a7_fk_workspace_team_id FOREIGN KEY (team_id) REFERENCES kontor_template.workspace_team(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.conversations_message
    ADD CONSTRAINT conversations_messag_conversation_id_f1a2d5e9_fk_conversat FOREIGN KEY (conversation_id) REFERENCES kontor_template.conversations_conversation(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.conversations_message
    ADD CONSTRAINT conversations_messag_inbox_id_a4bcfcc2_fk_conversat FOREIGN KEY (inbox_id) REFERENCES kontor_template.conversations_inbox(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.conversations_message
    ADD CONSTRAINT conversations_message_agent_id_c92fbb99_fk_workspace_agent_id FOREIGN KEY (agent_id) REFERENCES kontor_template.workspace_agent(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.conversations_outboundattempt
    ADD CONSTRAINT conversations_outbou_message_id_c0ef7c0c_fk_conversat FOREIGN KEY (message_id) REFERENCES kontor_template.conversations_message(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.conversations_parkeditem
    ADD CONSTRAINT conversations_parked_inbox_id_19b7d53a_fk_conversat FOREIGN KEY (inbox_id) REFERENCES kontor_template.conversations_inbox(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.conversations_readmark
    ADD CONSTRAINT conversations_readma_conversation_id_05bbc5e7_fk_conversat FOREIGN KEY (conversation_id) REFERENCES kontor_template.conversations_conversation(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.conversations_readmark
    ADD CONSTRAINT conversations_readmark_agent_id_e4cf59c6_fk_workspace_agent_id FOREIGN KEY (agent_id) REFERENCES kontor_template.workspace_agent(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.conversations_session
    ADD CONSTRAINT conversations_sessio_conversation_id_b8580b4c_fk_conversat FOREIGN KEY (conversation_id) REFERENCES kontor_template.conversations_conversation(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.conversations_session
    ADD CONSTRAINT conversations_sessio_inbox_id_aaf5c29b_fk_conversat FOREIGN KEY (inbox_id) REFERENCES kontor_template.conversations_inbox(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.conversations_session
    ADD CONSTRAINT conversations_sessio_resolved_by_id_8a7f8490_fk_workspace FOREIGN KEY (resolved_by_id) REFERENCES kontor_template.workspace_agent(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.conversations_wait
    ADD CONSTRAINT conversations_wait_answered_by_id_c35fc481_fk_workspace FOREIGN KEY (answered_by_id) REFERENCES kontor_template.workspace_agent(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.conversations_wait
    ADD CONSTRAINT conversations_wait_assignee_id_35afcac5_fk_workspace_agent_id FOREIGN KEY (assignee_id) REFERENCES kontor_template.workspace_agent(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.conversations_wait
    ADD CONSTRAINT conversations_wait_conversation_id_8ef43a13_fk_conversat FOREIGN KEY (conversation_id) REFERENCES kontor_template.conversations_conversation(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.conversations_wait
    ADD CONSTRAINT conversations_wait_inbox_id_08b60f3b_fk_conversations_inbox_id FOREIGN KEY (inbox_id) REFERENCES kontor_template.conversations_inbox(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.conversations_wait
    ADD CONSTRAINT conversations_wait_session_id_a0e8491e_fk_conversat FOREIGN KEY (session_id) REFERENCES kontor_template.conversations_session(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.conversations_wait
    ADD CONSTRAINT conversations_wait_team_id_d1a34d28_fk_workspace_team_id FOREIGN KEY (team_id) REFERENCES kontor_template.workspace_team(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.mailbox_mailboxcursor
    ADD CONSTRAINT mailbox_mailboxcurso_inbox_id_25de2399_fk_conversat FOREIGN KEY (inbox_id) REFERENCES kontor_template.conversations_inbox(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.message_templates_messagetemplate
    ADD CONSTRAINT message_templates_me_inbox_id_44fb0a0c_fk_conversat FOREIGN KEY (inbox_id) REFERENCES kontor_template.conversations_inbox(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.search_messageterms
    ADD CONSTRAINT search_messageterms_conversation_id_43829357_fk_conversat FOREIGN KEY (conversation_id) REFERENCES kontor_template.conversations_conversation(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.search_messageterms
    ADD CONSTRAINT search_messageterms_inbox_id_3927ea78_fk_conversations_inbox_id FOREIGN KEY (inbox_id) REFERENCES kontor_template.conversations_inbox(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.search_messageterms
    ADD CONSTRAINT search_messageterms_message_id_9919f33c_fk_conversat FOREIGN KEY (message_id) REFERENCES kontor_template.conversations_message(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.surveys_surveyresponse
    ADD CONSTRAINT survey_response_has_its_identitys_contact FOREIGN KEY (identity_id, contact_id) REFERENCES kontor_template.contacts_contactidentity(id, contact_id) ON UPDATE CASCADE DEFERRABLE

ALTER TABLE ONLY kontor_template.surveys_surveyresponse
    ADD CONSTRAINT surveys_surveyrespon_contact_id_2e1db68c_fk_contacts_ FOREIGN KEY (contact_id) REFERENCES kontor_template.contacts_contact(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.surveys_surveyresponse
    ADD CONSTRAINT surveys_surveyrespon_conversation_id_fd4cdeb7_fk_conversat FOREIGN KEY (conversation_id) REFERENCES kontor_template.conversations_conversation(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.surveys_surveyresponse
    ADD CONSTRAINT surveys_surveyrespon_identity_id_83e718d9_fk_contacts_ FOREIGN KEY (identity_id) REFERENCES kontor_template.contacts_contactidentity(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.surveys_surveyresponse
    ADD CONSTRAINT surveys_surveyresponse_agent_id_801ffed4_fk_workspace_agent_id FOREIGN KEY (agent_id) REFERENCES kontor_template.workspace_agent(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.workspace_absence
    ADD CONSTRAINT workspace_absence_agent_id_ab3d8663_fk_workspace_agent_id FOREIGN KEY (agent_id) REFERENCES kontor_template.workspace_agent(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.workspace_apitoken
    ADD CONSTRAINT workspace_apitoken_agent_id_7bde8c2d_fk_workspace_agent_id FOREIGN KEY (agent_id) REFERENCES kontor_template.workspace_agent(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.workspace_idempotencykey
    ADD CONSTRAINT workspace_idempotenc_token_id_02776fa5_fk_workspace FOREIGN KEY (token_id) REFERENCES kontor_template.workspace_apitoken(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.workspace_team_agents
    ADD CONSTRAINT workspace_team_agents_agent_id_9c05c6d0_fk_workspace_agent_id FOREIGN KEY (agent_id) REFERENCES kontor_template.workspace_agent(id) DEFERRABLE INITIALLY DEFERRED

ALTER TABLE ONLY kontor_template.workspace_team_agents
    ADD CONSTRAINT workspace_team_agents_team_id_752c2f1b_fk_workspace_team_id FOREIGN KEY (team_id) REFERENCES kontor_template.workspace_team(id) DEFERRABLE INITIALLY DEFERRED

INSERT INTO kontor_template.django_migrations (app, name, applied) VALUES ('workspace', '0001_initial', now())

INSERT INTO kontor_template.django_migrations (app, name, applied) VALUES ('contacts', '0001_initial', now())

INSERT INTO kontor_template.django_migrations (app, name, applied) VALUES ('conversations', '0001_initial', now())

INSERT INTO kontor_template.django_migrations (app, name, applied) VALUES ('comments', '0001_initial', now())

INSERT INTO kontor_template.django_migrations (app, name, applied) VALUES ('mailbox', '0001_initial', now())

INSERT INTO kontor_template.django_migrations (app, name, applied) VALUES ('message_templates', '0001_initial', now())

INSERT INTO kontor_template.django_migrations (app, name, applied) VALUES ('search', '0001_initial', now())

INSERT INTO kontor_template.django_migrations (app, name, applied) VALUES ('surveys', '0001_initial', now())
