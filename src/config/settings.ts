import { z } from 'zod'
import { WORKER_ROLES } from '../contracts/queues.ts'
import { PROVIDED_KINDS, PROVIDER_DIALECTS } from '../domain/task-providers.ts'

/** What each renderer of the list says of itself. */
export const rendererSchema = z.object({
  name: z.string().regex(/^[a-z0-9-]{1,40}$/),
  url: z.url(),
  apiKey: z.string().min(1),
  /** `whsec_…`: that renderer signs its webhooks with it. */
  webhookSecret: z.string().startsWith('whsec_'),
  pool: z.enum(['primary', 'backup']).default('primary'),
})

/** What each task provider of the list says of itself. */
const taskProviderSchema = z
  .object({
    name: z.string().regex(/^[a-z0-9-]{1,40}$/),
    url: z.url(),
    apiKey: z.string().min(1),
    dialect: z.enum(PROVIDER_DIALECTS).default('spool'),
    /** Of a Spool `whsec_…`; of others the key of the HMAC in `signatureHeader`. */
    webhookSecret: z.string().min(1).optional(),
    /** Where others put the HMAC-SHA256 of the body, as hex, `sha256=` before it or not. */
    signatureHeader: z
      .string()
      .regex(/^[a-zA-Z][\w-]*$/)
      .optional(),
    kinds: z.array(z.enum(PROVIDED_KINDS)).min(1),
  })
  .refine(
    ({ dialect, webhookSecret }) => dialect !== 'spool' || webhookSecret?.startsWith('whsec_'),
    {
      path: ['webhookSecret'],
      error: 'a Spool signs with a secret that begins with whsec_',
    },
  )

/** A JSON list in a variable; empty: none. */
const jsonList = z
  .string()
  .default('')
  .transform((text, context): unknown => {
    if (text.trim() === '') return []
    try {
      return JSON.parse(text) as unknown
    } catch {
      context.addIssue({ code: 'custom', message: 'is not JSON' })
      return z.NEVER
    }
  })

const namedOnce = (what: string) => (list: { name: string }[], context: z.RefinementCtx) => {
  const names = list.map(({ name }) => name)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice === undefined) return
  context.addIssue({ code: 'custom', message: `has two ${what} named ${twice}` })
}

const seconds = (fallback: number) => z.coerce.number().positive().default(fallback)
const count = (fallback: number) => z.coerce.number().int().positive().default(fallback)
const rate = (fallback: number) => z.coerce.number().positive().default(fallback)
const list = z
  .string()
  .default('')
  .transform((text) =>
    text
      .split(',')
      .map((part) => part.trim())
      .filter(Boolean),
  )
const optional = z.string().min(1).optional()
/** An address that paths are added to: a slash at its end goes. */
const baseUrl = z.url().transform((url) => url.replace(/\/+$/, ''))

/** The server of the OpenAI dialect that never works without a key. */
export const OPENAI_URL = 'https://api.openai.com/v1'

/**
 * Every setting, by the name of its environment variable. Each has a unit in its name and a default
 * that works for the embedded stack; what has no default is needed.
 */
export const settingsSchema = z.object({
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//)
    .describe('postgres://user:password@127.0.0.1:5432/spool'),
  SPOOL_SECRET: z
    .string()
    .min(32)
    .describe('at least 32 random characters, e.g. from `openssl rand -hex 32`'),
  SPOOL_ADMIN_KEY: z.string().min(24).describe('at least 24 random characters'),
  SPOOL_HOST: z.string().default('127.0.0.1'),
  SPOOL_PORT: z.coerce.number().int().min(0).max(65_535).default(7100),
  /** Where clients, renderers and webhook senders reach the API. */
  SPOOL_PUBLIC_URL: baseUrl.default('http://127.0.0.1:7100'),
  SPOOL_TEMPORAL_UI_URL: baseUrl.default('http://127.0.0.1:8233'),
  SPOOL_TEMPORAL_NAMESPACE: optional,
  SPOOL_STORAGE: z.enum(['folder', 's3']).default('folder'),
  SPOOL_STORAGE_DIR: z.string().default('.spool/storage'),
  /** Of any S3; missing: AWS, by the region. */
  S3_ENDPOINT: z.url().optional(),
  /** Where clients reach it, when that is another address. */
  S3_PUBLIC_ENDPOINT: z.url().optional(),
  S3_REGION: z.string().min(1).default('us-east-1'),
  S3_BUCKET: optional,
  /** Missing: by the standard AWS chain (role, profile). */
  S3_ACCESS_KEY: optional,
  S3_SECRET_KEY: optional,
  /** `endpoint/bucket/key`, which nearly everything speaks; else `bucket.endpoint/key`. */
  S3_FORCE_PATH_STYLE: z.enum(['true', 'false']).default('true'),
  /** Sources from S3 that a worker keeps: a handful of films, and small beside what a disk has. */
  SPOOL_CACHE_MEGABYTES: z.coerce.number().int().min(0).default(2048),
  SPOOL_WORK_DIR: z.string().default('.spool/work'),
  SPOOL_FFMPEG_PATH: z.string().default('ffmpeg'),
  SPOOL_FFPROBE_PATH: z.string().default('ffprobe'),
  /** Of the environment that set-up makes, for the local speech engine; missing: there is none. */
  SPOOL_PYTHON_PATH: optional,
  /** For `local/espeak`; missing: FFmpeg's own voice speaks, in English. */
  SPOOL_ESPEAK_PATH: optional,
  SPOOL_LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace']).default('info'),

  /** Fits twice into PostgreSQL's own default of 100 connections, with the API and four workers. */
  SPOOL_DATABASE_POOL_MAX: count(10),
  WORKER_QUEUES: list
    .transform((names) => (names.length === 0 ? [...WORKER_ROLES] : names))
    .pipe(z.array(z.enum(WORKER_ROLES)))
    .describe(`a list of ${WORKER_ROLES.join(', ')}`),
  /** FFmpeg work at once; 0: one per core. */
  SPOOL_MEDIA_SLOTS: z.coerce.number().int().min(0).default(0),
  /** Renders at once; 0: one per two cores, because one render keeps two of them busy. */
  SPOOL_RENDER_SLOTS: z.coerce.number().int().min(0).default(0),
  /** Transcriptions and translations at once: providers allow a few, a local engine takes a core. */
  SPOOL_INFERENCE_SLOTS: count(4),
  /** Downloads wait for others more than they compute. */
  SPOOL_DOWNLOAD_SLOTS: count(8),
  /** Short activities at once: they wait for others' answers more than they work. */
  SPOOL_PIPELINE_SLOTS: count(50),
  /** Workflows kept in memory. About 0.4 MB each; replaying a short history costs little. */
  SPOOL_CACHED_WORKFLOWS: count(500),
  /** A prebuilt workflow bundle; empty: bundled at start, in two to three seconds. */
  SPOOL_WORKFLOW_BUNDLE: optional,
  /** How long a worker that is told to stop lets its short activities finish. */
  SPOOL_SHUTDOWN_GRACE_SECONDS: seconds(10),
  /** Where the worker shows its own metrics; 0: nowhere. */
  SPOOL_WORKER_METRICS_PORT: z.coerce.number().int().min(0).max(65_535).default(0),

  /** JSON list of `{name, url, apiKey, webhookSecret, pool}`; empty: Spool renders for itself. */
  SPOOL_RENDERERS: jsonList
    .pipe(z.array(rendererSchema).superRefine(namedOnce('renderers')))
    .describe('[{"name":"farm","url":"https://…","apiKey":"…","webhookSecret":"whsec_…"}]'),
  /** JSON list of `{name, url, apiKey, webhookSecret, dialect, signatureHeader, kinds}`: tasks and steps of
   * these kinds are sent there; empty: all is done here. */
  SPOOL_TASK_PROVIDERS: jsonList
    .pipe(z.array(taskProviderSchema).superRefine(namedOnce('providers')))
    .describe(
      '[{"name":"ittybit","url":"https://…","apiKey":"…","dialect":"ittybit","kinds":["video"]}]',
    ),
  /** A renderer reports every two seconds; sixty missed reports are not a slow frame. */
  SPOOL_STALL_TIMEOUT_SECONDS: seconds(120),
  /** How soon a lost webhook is made up for. */
  SPOOL_POLL_INTERVAL_SECONDS: seconds(60),
  /** How long a stalled render, or a job of a plan that needs a decision, may wait for help before it
   * fails: a working day. */
  SPOOL_STALLED_GRACE_SECONDS: seconds(8 * 3600),
  /** For one call of a model, its queue at the provider included. Videos take minutes; an hour is a bad
   * day of theirs. */
  SPOOL_MODEL_TIMEOUT_SECONDS: seconds(3600),
  /** From this age on the sweep asks whether a hold's workflow still runs, and ends the hold if it
   * does not. A hold in use is never touched, so an hour is enough. */
  SPOOL_HOLD_TTL_SECONDS: seconds(3600),
  SPOOL_SWEEP_INTERVAL_SECONDS: seconds(300),

  /** `local` knows English only, and badly; `openai` is any server of that dialect. */
  SPOOL_SPEECH: z.enum(['local', 'openai', 'none']).default('local'),
  SPOOL_SPEECH_URL: z.url().default(OPENAI_URL),
  /** Missing: for servers that want none. */
  SPOOL_SPEECH_API_KEY: optional,
  /** It has to know `verbose_json`: without times there are no subtitles. */
  SPOOL_SPEECH_MODEL: z.string().min(1).default('whisper-1'),
  /** The limit of OpenAI is 25; longer speech is cut at silences. */
  SPOOL_SPEECH_UPLOAD_MEGABYTES: z.coerce.number().positive().default(24),
  /** Chooses the moments of clips; used when OPENAI_API_KEY (or another OPENAI_BASE_URL) is set. */
  SPOOL_CLIP_MODEL: z.string().min(1).default('gpt-4.1-mini'),
  /** A folder with extractors for video sites that yt-dlp does not know. */
  SPOOL_VIDEO_SITE_PLUGINS: optional,
  /** Of one video: hours of it, from a site that hands it out slowly. */
  SPOOL_DOWNLOAD_TIMEOUT_SECONDS: seconds(3600),
  SPOOL_TRANSLATOR: z.enum(['none', 'openai', 'deepl', 'libretranslate']).default('none'),
  /** Missing: OpenAI's or DeepL's own; LibreTranslate has none that is everybody's. */
  SPOOL_TRANSLATOR_URL: z.url().optional(),
  SPOOL_TRANSLATOR_API_KEY: optional,
  SPOOL_TRANSLATOR_MODEL: z.string().min(1).default('gpt-4.1-mini'),
  /** Providers of models, each set up by its key; the limits are those of its smaller plans. */
  REPLICATE_API_TOKEN: optional,
  REPLICATE_BASE_URL: z.url().default('https://api.replicate.com'),
  /** Missing: asked for with the token. */
  REPLICATE_WEBHOOK_SECRET: z
    .string()
    .regex(/^whsec_[\w+/=]+(?:,whsec_[\w+/=]+)?$/)
    .optional()
    .describe('whsec_…, or the old and the new one with a comma between'),
  /** It takes 600 predictions a minute. */
  REPLICATE_REQUESTS_PER_SECOND: rate(10),
  REPLICATE_CONCURRENCY: count(20),
  FAL_KEY: optional,
  FAL_BASE_URL: z.url().default('https://queue.fal.run'),
  FAL_JWKS_URL: z.url().default('https://rest.fal.ai/.well-known/jwks.json'),
  FAL_REQUESTS_PER_SECOND: rate(10),
  FAL_CONCURRENCY: count(20),
  ELEVENLABS_API_KEY: optional,
  ELEVENLABS_BASE_URL: z.url().default('https://api.elevenlabs.io'),
  ELEVENLABS_REQUESTS_PER_SECOND: rate(5),
  /** It speaks while the call waits, and smaller plans may have so many voices at once. */
  ELEVENLABS_CONCURRENCY: count(4),
  OPENAI_API_KEY: optional,
  OPENAI_BASE_URL: z.url().default(OPENAI_URL),
  OPENAI_REQUESTS_PER_SECOND: rate(5),
  OPENAI_CONCURRENCY: count(8),
  /** Any server of the common shape for video; its address sets it up. */
  ASYNC_VIDEO_BASE_URL: z.url().optional(),
  ASYNC_VIDEO_API_KEY: optional,
  /** Missing: it is polled. */
  ASYNC_VIDEO_WEBHOOK_SECRET: optional,
  ASYNC_VIDEO_SIGNATURE_HEADER: z
    .string()
    .regex(/^[a-zA-Z][\w-]*$/)
    .default('x-webhook-signature'),
  ASYNC_VIDEO_REQUESTS_PER_SECOND: rate(5),
  ASYNC_VIDEO_CONCURRENCY: count(10),
  /** Jobs of one plan, those included that `expand` adds: a film of fifty scenes. A workflow's history ends
   * at 51,200 events, and a job of minutes at a provider that has to be asked takes some 200 of them. */
  SPOOL_PLAN_JOBS_MAX: count(200),
  /** How long each stage of a localization may take: an hour of film needs half of it. */
  SPOOL_EXTRACT_TIMEOUT_SECONDS: seconds(30 * 60),
  SPOOL_TRANSCRIBE_TIMEOUT_SECONDS: seconds(30 * 60),
  SPOOL_SUBTITLES_TIMEOUT_SECONDS: seconds(15 * 60),
  SPOOL_TRANSLATE_TIMEOUT_SECONDS: seconds(15 * 60),

  /** Life of the URLs in answers: long enough to watch, too short to be worth publishing. */
  SPOOL_URL_TTL_SECONDS: seconds(24 * 3600),
  /** Hosts (`host` or `host:port`) that sources and webhook targets may have although private. */
  SPOOL_ALLOW_PRIVATE_SOURCES: list,
  SPOOL_SOURCE_TIMEOUT_SECONDS: seconds(600),
  SPOOL_RATE_LIMIT_PER_MINUTE: count(600),
  /** Of one account, to one process of the API. */
  SPOOL_LIVE_CONNECTIONS_MAX: count(50),
  /** Addresses of proxies whose X-Forwarded-For is believed. */
  SPOOL_TRUST_PROXY: list,

  SPOOL_CDN: z.enum(['none', 'cloudfront', 'cloudflare', 'purge']).default('none'),
  /** Where viewers get published files; with a CDN it stands before the storage. */
  SPOOL_CDN_BASE_URL: baseUrl.optional(),
  SPOOL_CDN_PURGE_URLS: list,
  SPOOL_CLOUDFRONT_DISTRIBUTION_ID: optional,
  SPOOL_CLOUDFRONT_ENDPOINT: z.url().optional(),
  SPOOL_CLOUDFLARE_ZONE_ID: optional,
  SPOOL_CLOUDFLARE_API_TOKEN: optional,
  SPOOL_CLOUDFLARE_API_URL: z.url().default('https://api.cloudflare.com'),

  SPOOL_SMTP_URL: z
    .string()
    .regex(/^smtps?:\/\//)
    .optional()
    .describe('smtp://user:password@mail.example.com:587'),
  SPOOL_MAIL_FROM: z.string().default('Spool <spool@localhost>'),
  SPOOL_TELEGRAM_BOT_TOKEN: optional,
  SPOOL_TELEGRAM_CHAT_ID: optional,
  SPOOL_TELEGRAM_API_URL: z.url().optional(),
  SPOOL_SLACK_WEBHOOK_URL: z.url().optional(),
  SPOOL_SENTRY_DSN: z.url().optional(),
})

export type Settings = z.output<typeof settingsSchema>
