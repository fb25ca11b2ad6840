-- Mails that were put into a folder as files because no mail server was set: they reached nobody, and may be mailed once there is one.
CREATE INDEX outbox_filed ON outbox (seq) WHERE state = 'filed';
