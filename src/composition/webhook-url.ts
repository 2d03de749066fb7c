import { createRouteToken, type RouteTokenPayload } from '../adapters/webhooks/route-token.ts'

/** A webhook that comes later than this is for work that has ended. */
const LIFE_MS = 14 * 24 * 3600 * 1000

/** Makes the URLs at which others report to us; equal routes have equal URLs. */
export const createWebhookUrl =
  ({ publicUrl, secret }: { readonly publicUrl: string; readonly secret: string }) =>
  (kind: 'tasks' | 'models', { issuedAtMs, ...route }: WebhookUrlRoute): string => {
    const token = createRouteToken({ ...route, expiresAtMs: issuedAtMs + LIFE_MS, secret })
    return `${publicUrl}/webhooks/${kind}/${token}`
  }

interface WebhookUrlRoute extends Omit<RouteTokenPayload, 'expiresAtMs'> {
  readonly issuedAtMs: number
}
