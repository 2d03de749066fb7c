import { describe, expect, it } from 'vitest'
import { isMistyped } from '../../src/api/api-keys.ts'
import { ConfigError, readConfig } from '../../src/config.ts'
import { describeConfig } from '../../src/config/describe-config.ts'
import { settingsSchema } from '../../src/config/settings.ts'
import { WORKER_ROLES } from '../../src/contracts/queues.ts'

const NEEDED = {
  DATABASE_URL: 'postgres://spool:the-database-password@127.0.0.1:5432/spool',
  SPOOL_SECRET: 'the-secret-of-the-tests-0123456789abcdef',
  SPOOL_ADMIN_KEY: 'the-admin-key-of-the-tests',
}

const problemsOf = (environment: Record<string, string>): string => {
  try {
    readConfig(environment)
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  return ''
}

const RENDERER = {
  name: 'farm',
  url: 'https://farm.example.com',
  apiKey: 'farm-api-key',
  webhookSecret: 'whsec_ZmFybS13ZWJob29rLXNlY3JldA==',
}

describe('reading the environment', () => {
  it('needs three variables and has defaults for the rest', () => {
    const { settings, renderers, mediaSlots, renderSlots } = readConfig(NEEDED)
    expect(settings.WORKER_QUEUES).toEqual([...WORKER_ROLES])
    expect(renderers).toMatchObject([{ name: 'self', url: settings.SPOOL_PUBLIC_URL }])
    expect(mediaSlots).toBeGreaterThan(0)
    expect(renderSlots).toBeGreaterThan(0)
  })

  it('takes the slash from the end of addresses that paths are added to', () => {
    const { settings, renderers } = readConfig({
      ...NEEDED,
      SPOOL_PUBLIC_URL: 'https://spool.example.com/',
      SPOOL_CDN_BASE_URL: 'https://cdn.example.com/files//',
    })
    expect(settings.SPOOL_PUBLIC_URL).toBe('https://spool.example.com')
    expect(settings.SPOOL_CDN_BASE_URL).toBe('https://cdn.example.com/files')
    expect(renderers[0]!.url).toBe('https://spool.example.com')
  })

  it('names everything that is wrong in one message, with what was expected', () => {
    const message = problemsOf({
      SPOOL_SECRET: 'short',
      SPOOL_PORT: '70000',
      SPOOL_PUBLIC_URL: 'not a url',
      WORKER_QUEUES: 'media,encode',
      SPOOL_SMTP_URL: 'https://mail.example.com',
      SPOOL_STALL_TIMEOUT_SECONDS: '0',
      SPOOL_STORAGE_DRI: '/data',
    })
    for (const name of [
      'DATABASE_URL',
      'SPOOL_SECRET',
      'SPOOL_ADMIN_KEY',
      'SPOOL_PORT',
      'SPOOL_PUBLIC_URL',
      'WORKER_QUEUES',
      'SPOOL_SMTP_URL',
      'SPOOL_STALL_TIMEOUT_SECONDS',
      'SPOOL_STORAGE_DRI',
    ]) {
      expect(message).toContain(name)
    }
    expect(message).toContain('9 problem(s)')
    expect(message).toContain('DATABASE_URL: is missing')
    expect(message).toContain('postgres://user:password@127.0.0.1:5432/spool')
    expect(message).toContain('openssl rand -hex 32')
  })

  it('takes a misspelt SPOOL_ name for a typo, and leaves other names alone', () => {
    expect(problemsOf({ ...NEEDED, SPOOL_PROT: '7100' })).toContain(
      'SPOOL_PROT is not a setting of Spool',
    )
    expect(problemsOf({ ...NEEDED, PATH: '/bin', TEMPORAL_ADDRESS: 'temporal:7233' })).toBe('')
    const ofOurClient = { SPOOL_API_URL: 'http://127.0.0.1:7100', SPOOL_API_KEY: 'a key' }
    expect(problemsOf({ ...NEEDED, ...ofOurClient })).toBe('')
  })

  it('reads an empty variable as one that is not set', () => {
    const { settings } = readConfig({
      ...NEEDED,
      SPOOL_PORT: '',
      SPOOL_CDN: '',
      SPOOL_SMTP_URL: '',
    })
    expect(settings).toMatchObject({ SPOOL_PORT: 7100, SPOOL_CDN: 'none' })
    expect(settings.SPOOL_SMTP_URL).toBeUndefined()
  })

  it.each([
    ['purge', ['SPOOL_CDN_BASE_URL']],
    ['cloudfront', ['SPOOL_CDN_BASE_URL', 'SPOOL_CLOUDFRONT_DISTRIBUTION_ID']],
    [
      'cloudflare',
      ['SPOOL_CDN_BASE_URL', 'SPOOL_CLOUDFLARE_ZONE_ID', 'SPOOL_CLOUDFLARE_API_TOKEN'],
    ],
  ])('says what else a %s CDN needs', (SPOOL_CDN, names) => {
    const message = problemsOf({ ...NEEDED, SPOOL_CDN })
    for (const name of names) expect(message).toContain(`${name} is needed`)
  })

  it('wants both halves of the Telegram settings', () => {
    const message = problemsOf({ ...NEEDED, SPOOL_TELEGRAM_BOT_TOKEN: '1:x' })
    expect(message).toContain('SPOOL_TELEGRAM_CHAT_ID is needed')
  })

  it('derives the same internal key and secret from the same SPOOL_SECRET, in every process', () => {
    const [first, second] = [readConfig(NEEDED), readConfig(NEEDED)]
    const other = readConfig({ ...NEEDED, SPOOL_SECRET: `${NEEDED.SPOOL_SECRET}-another` })
    expect(second.internalApiKey).toBe(first.internalApiKey)
    expect(second.internalWebhookSecret).toBe(first.internalWebhookSecret)
    expect(other.internalApiKey).not.toBe(first.internalApiKey)
    expect(other.internalWebhookSecret).not.toBe(first.internalWebhookSecret)
    expect(isMistyped(first.internalApiKey)).toBe(false)
  })
})

describe('the list of renderers', () => {
  const read = (SPOOL_RENDERERS: string) => readConfig({ ...NEEDED, SPOOL_RENDERERS }).renderers

  it('takes the place of Spool itself, in primary unless it says otherwise', () => {
    expect(read(JSON.stringify([RENDERER]))).toEqual([{ ...RENDERER, pool: 'primary' }])
  })

  it.each([
    ['text that is not JSON', '[{"name":', 'is not JSON'],
    ['an object instead of a list', JSON.stringify(RENDERER), 'SPOOL_RENDERERS: '],
    ['a missing key', '[{"name":"farm","url":"https://farm"}]', 'SPOOL_RENDERERS.0.apiKey'],
    [
      'a secret of the wrong kind',
      JSON.stringify([{ ...RENDERER, webhookSecret: 'plain' }]),
      'SPOOL_RENDERERS.0.webhookSecret',
    ],
    ['an unknown pool', JSON.stringify([{ ...RENDERER, pool: 'spare' }]), 'SPOOL_RENDERERS.0.pool'],
    [
      'two renderers of one name',
      JSON.stringify([RENDERER, RENDERER]),
      'SPOOL_RENDERERS: has two renderers named farm',
    ],
  ])('refuses %s with the place of the mistake', (_what, text, expected) => {
    expect(problemsOf({ ...NEEDED, SPOOL_RENDERERS: text })).toContain(expected)
  })
})

describe('storage in S3', () => {
  it('needs a bucket, both keys or neither, and URLs that S3 can sign', () => {
    const s3 = { ...NEEDED, SPOOL_STORAGE: 's3', S3_BUCKET: 'spool' }
    expect(problemsOf(s3)).toBe('')
    expect(problemsOf({ ...NEEDED, SPOOL_STORAGE: 's3' })).toContain('S3_BUCKET is needed')
    expect(problemsOf({ ...s3, S3_ACCESS_KEY: 'id' })).toContain('S3_SECRET_KEY is needed')
    expect(problemsOf({ ...s3, S3_SECRET_KEY: 'secret' })).toContain('S3_ACCESS_KEY is needed')
    expect(problemsOf({ ...s3, SPOOL_URL_TTL_SECONDS: '604801' })).toContain('at most 604800')
    expect(problemsOf({ ...NEEDED, SPOOL_URL_TTL_SECONDS: '604801' })).toBe('')
  })

  it('keeps the keys out of the log', () => {
    const keys = { S3_ACCESS_KEY: 'the-id-of-the-key', S3_SECRET_KEY: 'the-secret-of-the-key' }
    const config = readConfig({ ...NEEDED, SPOOL_STORAGE: 's3', S3_BUCKET: 'spool', ...keys })
    const summary = describeConfig(config)
    expect(summary).toMatchObject({ S3_ACCESS_KEY: '[set]', S3_SECRET_KEY: '[set]' })
    for (const key of Object.values(keys)) expect(JSON.stringify(summary)).not.toContain(key)
  })
})

describe('the summary for the log', () => {
  const CANARIES = {
    SPOOL_SECRET: 'canary-secret-0123456789abcdef0123456789',
    SPOOL_ADMIN_KEY: 'canary-admin-key-0123456789',
    DATABASE_URL: 'postgres://spool:canary-database@db.internal:5432/spool?sslkey=canary-ssl',
    SPOOL_SMTP_URL: 'smtp://user:canary-smtp@mail.example.com:587',
    SPOOL_CDN: 'cloudflare',
    SPOOL_CDN_BASE_URL: 'https://videos.example.com',
    SPOOL_CDN_PURGE_URLS: 'http://ops:canary-purge@cache-1,http://cache-2',
    SPOOL_CLOUDFLARE_ZONE_ID: 'zone',
    SPOOL_CLOUDFLARE_API_TOKEN: 'canary-cloudflare',
    SPOOL_TELEGRAM_BOT_TOKEN: '1:canary-telegram',
    SPOOL_TELEGRAM_CHAT_ID: '1',
    SPOOL_SLACK_WEBHOOK_URL: 'https://hooks.slack.com/services/canary-slack',
    SPOOL_SENTRY_DSN: 'https://canary-sentry@sentry.example.com/1',
    SPOOL_RENDERERS: JSON.stringify([
      { ...RENDERER, apiKey: 'canary-renderer', webhookSecret: 'whsec_canary' },
    ]),
  }

  it('shows no secret, and enough to see what runs', () => {
    const config = readConfig(CANARIES)
    const text = JSON.stringify(describeConfig(config))
    expect(text).not.toContain('canary')
    expect(text).not.toContain(config.internalApiKey)
    expect(text).not.toContain(config.internalWebhookSecret)
    expect(text).toContain('db.internal:5432/spool')
    expect(text).toContain('farm (primary) at https://farm.example.com')
    expect(describeConfig(config)).toMatchObject({
      SPOOL_SECRET: '[set]',
      SPOOL_PORT: 7100,
      SPOOL_MEDIA_SLOTS: config.mediaSlots,
      alerts: ['telegram', 'slack', 'sentry'],
    })
  })

  it('hides every setting whose name says that it opens something', () => {
    const names = Object.keys(settingsSchema.shape)
    const suspicious = names.filter((name) => /SECRET|KEY|TOKEN|PASS|DSN|CREDENTIAL/.test(name))
    const summary = describeConfig(readConfig(CANARIES))
    for (const name of suspicious) expect([undefined, '[set]']).toContain(summary[name])
    expect(suspicious.length).toBeGreaterThan(3)
  })
})

describe('providers of models', () => {
  const KEYS = {
    REPLICATE_API_TOKEN: 'r8_the-token',
    FAL_KEY: 'the-fal-key',
    ELEVENLABS_API_KEY: 'sk_the-eleven-key',
    OPENAI_API_KEY: 'sk-the-openai-key',
    ASYNC_VIDEO_BASE_URL: 'https://video.example.com/v1',
    ASYNC_VIDEO_API_KEY: 'the-video-key',
    ASYNC_VIDEO_WEBHOOK_SECRET: 'the-video-secret',
  }

  it('are not set up without their keys', () => {
    const { models } = readConfig(NEEDED)
    expect(Object.values(models.providers)).toEqual([null, null, null, null, null])
    expect(models.limits).toEqual([])
  })

  it('are set up by their keys, each with limits of its own', () => {
    const { models } = readConfig({ ...NEEDED, ...KEYS, FAL_REQUESTS_PER_SECOND: '0.5' })
    expect(models.limits.map(({ name }) => name)).toEqual([
      'replicate',
      'fal',
      'elevenlabs',
      'openai',
      'async-video',
    ])
    expect(models.limits[1]).toEqual({
      name: 'fal',
      baseUrl: 'https://queue.fal.run',
      requestsPerSecond: 0.5,
      concurrency: 20,
    })
    expect(models.providers.replicate).toMatchObject({ webhookSecret: null })
  })

  it('need no key where a server of the OpenAI dialect is one of our own', () => {
    const { models } = readConfig({ ...NEEDED, OPENAI_BASE_URL: 'http://127.0.0.1:8000/v1' })
    expect(models.providers.openai).toEqual({ apiKey: null, baseUrl: 'http://127.0.0.1:8000/v1' })
  })

  it('never show their keys in the log', () => {
    const shown = JSON.stringify(describeConfig(readConfig({ ...NEEDED, ...KEYS })))
    const { ASYNC_VIDEO_BASE_URL: address, ...secrets } = KEYS
    for (const secret of Object.values(secrets)) expect(shown).not.toContain(secret)
    expect(shown).toContain(address)
  })

  it('take two webhook secrets of Replicate, and nothing that is none', () => {
    const REPLICATE_WEBHOOK_SECRET = 'whsec_b2xk,whsec_bmV3'
    expect(problemsOf({ ...NEEDED, REPLICATE_WEBHOOK_SECRET })).toBe('')
    expect(problemsOf({ ...NEEDED, REPLICATE_WEBHOOK_SECRET: 'secret' })).toContain('whsec_')
  })
})
