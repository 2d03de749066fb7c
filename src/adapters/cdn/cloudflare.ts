import { z } from 'zod'
import type { HttpAnswer } from '../http-exchange.ts'
import { readJson } from '../read-json.ts'
import type { Cdn } from './cdn.ts'
import { callCdn, cdnFailure } from './http-outcome.ts'

/** The token needs the permission "Cache Purge" on the zone. */
export interface CloudflareConfig {
  readonly kind: 'cloudflare'
  readonly zoneId: string
  readonly apiToken: string
  /** `https://api.cloudflare.com`, or another address that speaks its API. */
  readonly apiBaseUrl: string
}

/** The limit that holds on every plan; newer plans take 100. */
const URLS_PER_CALL = 30

const answerSchema = z.object({
  success: z.boolean(),
  errors: z.array(z.object({ code: z.number(), message: z.string() })).default([]),
  result: z.object({ id: z.string() }).nullish(),
})

/**
 * Cloudflare's purge by URL. *Idempotent:* dropping a URL twice is dropping it once. A call is a success
 * only if its body says so, whatever its status. `reference` is the id in the last call's answer.
 * *Source:* API v4, `POST /zones/{zone_id}/purge_cache`.
 */
export function createCloudflareCdn(config: CloudflareConfig): Cdn {
  const zone = encodeURIComponent(config.zoneId)
  const url = `${config.apiBaseUrl.replace(/\/+$/, '')}/client/v4/zones/${zone}/purge_cache`
  return {
    name: 'cloudflare',
    invalidate: async ({ urls, signal }) => {
      const files = [...new Set(urls)]
      let reference: string | null = null
      for (let start = 0; start < files.length; start += URLS_PER_CALL) {
        const answer = await callCdn('Cloudflare', {
          url,
          method: 'POST',
          headers: {
            authorization: `Bearer ${config.apiToken}`,
            'content-type': 'application/json',
          },
          body: JSON.stringify({ files: files.slice(start, start + URLS_PER_CALL) }),
          signal,
        })
        reference = readReference(answer, config.apiToken)
      }
      return { reference }
    },
  }
}

function readReference(answer: HttpAnswer, apiToken: string): string | null {
  const said = readJson(answerSchema, answer.bodyText)
  const isOk = answer.status >= 200 && answer.status < 300
  if (isOk && said?.success === true) return said.result?.id ?? null
  const reason =
    said?.errors.map(({ code, message }) => `${code} ${message}`).join('; ') ??
    'the answer is not one of its API'
  throw cdnFailure('Cloudflare', answer, reason.replaceAll(apiToken, '[redacted]').slice(0, 500))
}
