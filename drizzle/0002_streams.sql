CREATE TABLE "media_streams" (
	"media_id" text PRIMARY KEY NOT NULL,
	"account_id" text NOT NULL,
	"execution_id" text NOT NULL,
	"status" text DEFAULT 'processing' NOT NULL,
	"ready_to_stream" boolean DEFAULT false NOT NULL,
	"folder_key" text,
	"extras" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"caption_languages" text[] DEFAULT '{}' NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "execution_steps" ADD COLUMN "price_credits" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "executions" ADD COLUMN "input" jsonb DEFAULT '{}'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "executions" ADD COLUMN "retries" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "media_streams" ADD CONSTRAINT "media_streams_media_id_media_id_fk" FOREIGN KEY ("media_id") REFERENCES "public"."media"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "media_streams" ADD CONSTRAINT "media_streams_account_id_accounts_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."accounts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "media_streams_execution" ON "media_streams" USING btree ("execution_id");