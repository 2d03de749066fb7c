import type { Config } from '../config.ts'

/** Settings whose value opens something; new ones are named accordingly. */
const SECRET_NAME = /(?:SECRET|_KEY|TOKEN|PASSWORD|DSN|WEBHOOK_URL)$/

/** Shown without the keys in them. */
const LISTS_WITH_KEYS: ReadonlySet<string> = new Set(['SPOOL_RENDERERS', 'SPOOL_TASK_PROVIDERS'])

/**
 * What the configuration came to, for the log: one line for each setting that has a value, with what
 * was derived from it. Secrets only show that they are set; addresses lose their credentials and query.
 */
export const describeConfig = (config: Config): Readonly<Record<string, unknown>> => {
  const { settings, mediaSlots, renderSlots, storageDir, workDir, renderers, alertTargets } = config
  const given = Object.entries(settings)
    .filter(([name, value]) => value !== undefined && !LISTS_WITH_KEYS.has(name))
    .map(([name, value]) => [name, SECRET_NAME.test(name) ? '[set]' : withoutCredentials(value)])
  return {
    ...(Object.fromEntries(given) as Record<string, unknown>),
    SPOOL_MEDIA_SLOTS: mediaSlots,
    SPOOL_RENDER_SLOTS: renderSlots,
    SPOOL_STORAGE_DIR: storageDir,
    SPOOL_WORK_DIR: workDir,
    SPOOL_RENDERERS: renderers.map(({ name, url, pool }) => {
      return `${name} (${pool}) at ${String(withoutCredentials(url))}`
    }),
    SPOOL_TASK_PROVIDERS: settings.SPOOL_TASK_PROVIDERS.map(({ name, url, kinds }) => {
      return `${name} (${kinds.join(', ')}) at ${String(withoutCredentials(url))}`
    }),
    alerts: alertTargets.map(({ kind }) => kind),
  }
}

const withoutCredentials = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withoutCredentials)
  if (typeof value !== 'string' || !value.includes('://')) return value
  if (!URL.canParse(value)) return '[unreadable address]'
  const url = new URL(value)
  if (url.username === '' && url.password === '' && url.search === '') return value
  if (url.password !== '') url.password = 'redacted'
  else url.username = ''
  url.search = ''
  return url.href
}
