import { LIVE_CLOSE } from '../../contracts/http/live.ts'
import type { ExecutionEvent } from '../../db/repositories/executions.ts'
import type { AccountId, ApiKeyId, ExecutionId } from '../../domain/ids.ts'
import type { ApiDependencies } from '../dependencies.ts'
import { newsBell } from '../news-bell.ts'
import type { LivePeer } from './live-peer.ts'

/** Read at a time, and kept while the peer takes them. */
const BATCH = 100

type Following = Pick<ApiDependencies, 'repositories' | 'executionNews' | 'settings'>

export interface LiveWish {
  readonly accountId: AccountId
  /** By which the connection was opened. */
  readonly keyId: ApiKeyId
  /** Null: all of the account's. */
  readonly executionId: ExecutionId | null
  /** After which event to go on; null: from now on. */
  readonly since: number | null
}

const messageOf = ({ sequence, type, executionId, data, createdAt }: ExecutionEvent) => ({
  type,
  id: sequence,
  executionId,
  data: { ...data, at: createdAt.toISOString() },
})

/** A number that was never given out (of another database) would keep its holder waiting. */
const startAfter = async (
  { repositories }: Following,
  { accountId, since }: LiveWish,
): Promise<number> => {
  if (since === 0) return 0
  const last = await repositories.executions.lastSequence(accountId)
  return Math.min(since ?? last, last)
}

/**
 * Tells a peer what happens in the executions of an account: first what the table has after `since`, then
 * what comes, each event once and in the order of its number. Nothing is told after the key was revoked.
 * Ends when the peer is gone. *Errors:* DATABASE_UNAVAILABLE.
 */
export const followAccount = async (
  following: Following,
  peer: LivePeer,
  wish: LiveWish,
): Promise<void> => {
  const { repositories, executionNews: news, settings } = following
  const { accountId, executionId, keyId } = wish
  // Before the first read: what happens in between rings the bell.
  const bell = newsBell({ news, id: executionId ?? accountId, signal: peer.gone })
  try {
    let afterSequence = await startAfter(following, wish)
    await peer.send({ type: 'live.ready', id: afterSequence })
    while (!peer.gone.aborted) {
      for (;;) {
        if ((await repositories.apiKeys.findAccountByKeyId(keyId)) === null) {
          return peer.close(LIVE_CLOSE.keyRevoked, 'the key was revoked')
        }
        const asked = { accountId, executionId, afterSequence, limit: BATCH }
        const events = await repositories.executions.accountEvents(asked)
        for (const event of events) {
          await peer.send(messageOf(event))
          afterSequence = event.sequence
        }
        if (events.length < BATCH) break
      }
      await bell.wait(settings.eventHeartbeatMs)
    }
  } finally {
    bell.close()
  }
}
