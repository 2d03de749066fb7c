CREATE TABLE "generation_jobs" (
	"execution_id" text NOT NULL,
	"job_id" text NOT NULL,
	"position" integer NOT NULL,
	"parent_id" text,
	"job" jsonb NOT NULL,
	"is_fresh" boolean DEFAULT false NOT NULL,
	"upper_credits" integer NOT NULL,
	"model" text,
	"provider" text,
	"order_state" text,
	"reference" text,
	"handle" jsonb,
	"submitted_at" timestamp (3) with time zone,
	"answer" jsonb,
	"waiting_for" text,
	"cache_key" text,
	"cache_hit" boolean DEFAULT false NOT NULL,
	"cost_micro_usd" bigint,
	"result" jsonb,
	CONSTRAINT "generation_jobs_execution_id_job_id_pk" PRIMARY KEY("execution_id","job_id")
);
--> statement-breakpoint
CREATE TABLE "generation_results" (
	"account_id" text NOT NULL,
	"cache_key" text NOT NULL,
	"state" text NOT NULL,
	"owner_execution_id" text NOT NULL,
	"owner_job_id" text NOT NULL,
	"model" text,
	"provider" text,
	"result" jsonb,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "generation_results_account_id_cache_key_pk" PRIMARY KEY("account_id","cache_key")
);
--> statement-breakpoint
CREATE TABLE "generation_sources" (
	"execution_id" text NOT NULL,
	"url_sha256" text NOT NULL,
	"result" jsonb NOT NULL,
	CONSTRAINT "generation_sources_execution_id_url_sha256_pk" PRIMARY KEY("execution_id","url_sha256")
);
--> statement-breakpoint
CREATE TABLE "generations" (
	"execution_id" text PRIMARY KEY NOT NULL,
	"account_id" text NOT NULL,
	"body" jsonb NOT NULL,
	"max_credits" integer,
	"base_execution_id" text,
	"webhook" jsonb,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "generation_jobs" ADD CONSTRAINT "generation_jobs_execution_id_generations_execution_id_fk" FOREIGN KEY ("execution_id") REFERENCES "public"."generations"("execution_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "generation_results" ADD CONSTRAINT "generation_results_account_id_accounts_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."accounts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "generation_sources" ADD CONSTRAINT "generation_sources_execution_id_generations_execution_id_fk" FOREIGN KEY ("execution_id") REFERENCES "public"."generations"("execution_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "generations" ADD CONSTRAINT "generations_account_id_accounts_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."accounts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "generation_results_owner" ON "generation_results" USING btree ("owner_execution_id","owner_job_id");--> statement-breakpoint
CREATE INDEX "generations_created" ON "generations" USING btree ("created_at");