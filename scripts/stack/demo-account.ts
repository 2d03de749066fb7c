import { join } from 'node:path'
import { readPrivateJson, writePrivateJson } from './private-file.ts'

// Ten hours of rendered video: enough that nobody who tries Spool runs out.
const DEMO_CREDITS = 36_000

/** The account that the demo and the first steps use. */
export type DemoAccount = { id: string; key: string }

/** How to reach the API as its administrator. */
export type AdminAccess = { apiUrl: string; adminKey: string }

/**
 * The demo account, made through the admin API on first use and kept in `<dir>/demo-account.json`.
 * It is made anew when the API does not know its key any more (another or an emptied database).
 */
export async function ensureDemoAccount(dir: string, admin: AdminAccess): Promise<DemoAccount> {
  const file = join(dir, 'demo-account.json')
  const kept = readPrivateJson(file) as DemoAccount | null
  if (kept && (await isKnown(kept, admin.apiUrl))) return kept
  const { id } = await post<{ id: string }>(admin, '/v1/admin/accounts', {
    name: 'Demo',
    plan: 'creator',
  })
  await post(admin, `/v1/admin/accounts/${id}/top-ups`, {
    amountCredits: DEMO_CREDITS,
    reference: `demo-${id}`,
  })
  const { key } = await post<{ key: string }>(admin, `/v1/admin/accounts/${id}/keys`, {})
  const account = { id, key }
  writePrivateJson(file, account)
  return account
}

async function isKnown(account: DemoAccount, apiUrl: string): Promise<boolean> {
  const response = await fetch(`${apiUrl}/v1/account`, {
    headers: { authorization: `Bearer ${account.key}` },
  })
  await response.body?.cancel()
  if (response.status === 401) return false
  if (response.ok) return true
  throw new Error(`The API answered ${response.status} to the demo account's key.`)
}

async function post<Answer>(admin: AdminAccess, path: string, body: object): Promise<Answer> {
  const response = await fetch(`${admin.apiUrl}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${admin.adminKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (!response.ok) {
    throw new Error(
      `The demo account cannot be made: POST ${path} answered ${response.status} ${await response.text()}`,
    )
  }
  return (await response.json()) as Answer
}
