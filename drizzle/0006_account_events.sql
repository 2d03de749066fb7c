ALTER TABLE "execution_events" ADD COLUMN "account_id" text;--> statement-breakpoint
UPDATE "execution_events" AS event SET "account_id" = execution."account_id"
  FROM "executions" AS execution WHERE execution."id" = event."execution_id";--> statement-breakpoint
ALTER TABLE "execution_events" ALTER COLUMN "account_id" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "execution_events" ADD CONSTRAINT "execution_events_account_id_accounts_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."accounts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "execution_events_account" ON "execution_events" USING btree ("account_id","sequence");--> statement-breakpoint
DROP TRIGGER execution_events_announce ON execution_events;--> statement-breakpoint
DROP FUNCTION announce_execution_event();--> statement-breakpoint
-- Listeners follow an execution or a whole account, and resume after the last number they have seen. Two
-- executions are not locked against each other, so a number that was given when a row is written could
-- become visible after a higher one, and be missed. It is given when the transaction ends instead, under
-- a lock that only another end of one of the same account waits for, and that is the last to be taken.
CREATE FUNCTION number_execution_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('execution_events ' || NEW.account_id, 0));
  UPDATE execution_events SET sequence = nextval('execution_events_sequence_seq')
    WHERE sequence = NEW.sequence;
  PERFORM pg_notify('execution_events', NEW.execution_id || ' ' || NEW.account_id);
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE CONSTRAINT TRIGGER execution_events_number AFTER INSERT ON execution_events
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION number_execution_event();
