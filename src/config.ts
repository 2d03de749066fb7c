import { createHmac } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import type { z } from 'zod'
import type { CdnConfig } from './adapters/cdn/create-cdn.ts'
import type { OpenaiServer } from './adapters/openai-client.ts'
import type { AlertTargetConfig } from './adapters/notify/alerts.ts'
import type { SpeechConfig } from './adapters/speech/create-speech.ts'
import type { TranslatorConfig } from './adapters/translation/create-translator.ts'
import { scorerOf, speechOf, translatorOf } from './config/engines.ts'
import { modelsOf, type ModelsConfig } from './config/models.ts'
import { settingsSchema, type rendererSchema, type Settings } from './config/settings.ts'

export type RendererConfig = z.output<typeof rendererSchema>

export interface Config {
  readonly settings: Settings
  readonly storageDir: string
  readonly workDir: string
  readonly mediaSlots: number
  readonly renderSlots: number
  readonly renderers: readonly RendererConfig[]
  /** Under this key and secret Spool renders for itself. */
  readonly internalApiKey: string
  readonly internalWebhookSecret: string
  readonly cdn: CdnConfig
  readonly speech: SpeechConfig
  readonly translator: TranslatorConfig
  readonly models: ModelsConfig
  /** Of the model that chooses moments for clips; null: they are measured. */
  readonly scorer: OpenaiServer | null
  readonly alertTargets: readonly AlertTargetConfig[]
}

/** All that is wrong with the environment, in one message. */
export class ConfigError extends Error {
  constructor(problems: readonly string[]) {
    super(`The configuration has ${problems.length} problem(s):\n  ${problems.join('\n  ')}`)
    this.name = 'ConfigError'
  }
}

/**
 * Reads the environment. Throws one `ConfigError` that names every variable that is missing, wrong or
 * unknown (a `SPOOL_` name that no setting has is a typo, not a wish).
 */
export const readConfig = (environment: Readonly<Record<string, string | undefined>>): Config => {
  const given = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  )
  const parsed = settingsSchema.safeParse(given, { reportInput: true })
  const problems = [
    ...unknownNames(Object.keys(given)),
    ...(parsed.success ? missingTogether(parsed.data) : parsed.error.issues.map(sentence)),
  ]
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems)
  return build(parsed.data)
}

const build = (settings: Settings): Config => {
  const derive = (purpose: string): Buffer =>
    createHmac('sha256', settings.SPOOL_SECRET).update(purpose).digest()
  // Longer than the keys that are given out, so that nobody looks for their checksum in it.
  const internalApiKey = `spool_${derive('internal-api-key').toString('hex')}`
  const internalWebhookSecret = `whsec_${derive('internal-webhooks').toString('base64')}`
  const cores = availableParallelism()
  return {
    settings,
    storageDir: resolve(settings.SPOOL_STORAGE_DIR),
    workDir: resolve(settings.SPOOL_WORK_DIR),
    mediaSlots: settings.SPOOL_MEDIA_SLOTS || cores,
    renderSlots: settings.SPOOL_RENDER_SLOTS || Math.max(1, Math.floor(cores / 2)),
    renderers:
      settings.SPOOL_RENDERERS.length > 0
        ? settings.SPOOL_RENDERERS
        : [
            {
              name: 'self',
              url: settings.SPOOL_PUBLIC_URL,
              apiKey: internalApiKey,
              webhookSecret: internalWebhookSecret,
              pool: 'primary',
            },
          ],
    internalApiKey,
    internalWebhookSecret,
    cdn: cdnOf(settings),
    speech: speechOf(settings),
    translator: translatorOf(settings),
    models: modelsOf(settings),
    scorer: scorerOf(settings),
    alertTargets: alertTargetsOf(settings),
  }
}

const cdnOf = (settings: Settings): CdnConfig => {
  switch (settings.SPOOL_CDN) {
    case 'none':
      return { kind: 'none' }
    case 'purge':
      return { kind: 'purge', baseUrls: settings.SPOOL_CDN_PURGE_URLS }
    case 'cloudfront':
      return {
        kind: 'cloudfront',
        distributionId: settings.SPOOL_CLOUDFRONT_DISTRIBUTION_ID ?? '',
        endpoint: settings.SPOOL_CLOUDFRONT_ENDPOINT,
      }
    case 'cloudflare':
      return {
        kind: 'cloudflare',
        zoneId: settings.SPOOL_CLOUDFLARE_ZONE_ID ?? '',
        apiToken: settings.SPOOL_CLOUDFLARE_API_TOKEN ?? '',
        apiBaseUrl: settings.SPOOL_CLOUDFLARE_API_URL,
      }
  }
}

const alertTargetsOf = (settings: Settings): AlertTargetConfig[] => {
  const { SPOOL_TELEGRAM_BOT_TOKEN: botToken, SPOOL_TELEGRAM_CHAT_ID: chatId } = settings
  const { SPOOL_SLACK_WEBHOOK_URL: webhookUrl, SPOOL_SENTRY_DSN: dsn } = settings
  return [
    ...(botToken !== undefined && chatId !== undefined
      ? [
          {
            kind: 'telegram' as const,
            botToken,
            chatId,
            apiBaseUrl: settings.SPOOL_TELEGRAM_API_URL,
          },
        ]
      : []),
    ...(webhookUrl === undefined ? [] : [{ kind: 'slack' as const, webhookUrl }]),
    ...(dsn === undefined ? [] : [{ kind: 'sentry' as const, dsn }]),
  ]
}

/** Where and as whom our own client asks; a shell that has them may start a server, too. */
const OF_CLIENTS: readonly string[] = ['SPOOL_API_URL', 'SPOOL_API_KEY']

const unknownNames = (names: readonly string[]): string[] =>
  names
    .filter((name) => name.startsWith('SPOOL_') && !OF_CLIENTS.includes(name))
    .filter((name) => !(name in settingsSchema.shape))
    .map((name) => `${name} is not a setting of Spool; is it misspelt?`)

const sentence = (issue: z.core.$ZodIssue): string => {
  const name = String(issue.path[0])
  const description =
    name in settingsSchema.shape
      ? settingsSchema.shape[name as keyof typeof settingsSchema.shape].description
      : undefined
  return `${issue.path.join('.')}: ${wrongness(issue)}${description ? ` (expected: ${description})` : ''}`
}

/** The library's own words are for programmers. */
const wrongness = (issue: z.core.$ZodIssue): string => {
  if (issue.code !== 'invalid_type') return issue.message
  if (issue.input === undefined) return 'is missing'
  return `is no ${issue.expected}`
}

/** Presigned URLs do not live longer. */
const S3_URL_SECONDS_MAX = 7 * 24 * 3600

/** Settings that are no use without each other. */
const missingTogether = (settings: Settings): string[] => {
  const problems: string[] = []
  const need = (when: boolean, name: keyof Settings, why: string) => {
    if (when && settings[name] === undefined) problems.push(`${name} is needed ${why}`)
  }
  const cdn = settings.SPOOL_CDN
  need(cdn !== 'none', 'SPOOL_CDN_BASE_URL', 'when SPOOL_CDN is not none')
  need(cdn === 'cloudfront', 'SPOOL_CLOUDFRONT_DISTRIBUTION_ID', 'when SPOOL_CDN is cloudfront')
  need(cdn === 'cloudflare', 'SPOOL_CLOUDFLARE_ZONE_ID', 'when SPOOL_CDN is cloudflare')
  need(cdn === 'cloudflare', 'SPOOL_CLOUDFLARE_API_TOKEN', 'when SPOOL_CDN is cloudflare')
  need(settings.SPOOL_STORAGE === 's3', 'S3_BUCKET', 'when SPOOL_STORAGE is s3')
  need(settings.S3_ACCESS_KEY !== undefined, 'S3_SECRET_KEY', 'beside S3_ACCESS_KEY')
  need(settings.S3_SECRET_KEY !== undefined, 'S3_ACCESS_KEY', 'beside S3_SECRET_KEY')
  if (settings.SPOOL_STORAGE === 's3' && settings.SPOOL_URL_TTL_SECONDS > S3_URL_SECONDS_MAX) {
    problems.push(`SPOOL_URL_TTL_SECONDS is at most ${S3_URL_SECONDS_MAX} (7 days) with S3`)
  }
  const { SPOOL_TELEGRAM_BOT_TOKEN: token, SPOOL_TELEGRAM_CHAT_ID: chat } = settings
  need(token !== undefined, 'SPOOL_TELEGRAM_CHAT_ID', 'beside SPOOL_TELEGRAM_BOT_TOKEN')
  need(chat !== undefined, 'SPOOL_TELEGRAM_BOT_TOKEN', 'beside SPOOL_TELEGRAM_CHAT_ID')
  return problems
}
