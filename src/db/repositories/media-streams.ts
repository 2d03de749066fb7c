import { and, eq, sql, type InferSelectModel } from 'drizzle-orm'
import type { AccountId, ExecutionId, MediaId } from '../../domain/ids.ts'
import type { MediaStreamStatus } from '../../domain/statuses.ts'
import type { Database, Queryable } from '../database.ts'
import { withDatabaseFailures } from '../failures.ts'
import { executions, mediaStreams } from '../schema/index.ts'
import type { RepositoryOptions } from './page.ts'

export type MediaStream = InferSelectModel<typeof mediaStreams>

/** Has a medium play its newest finished ladder again, when the order that has begun to publish another one
 * ends without having finished it. */
const giveBack = async (
  within: Queryable,
  executionId: ExecutionId,
  status: MediaStreamStatus,
): Promise<void> => {
  await within.execute(sql`
    WITH own AS (
      SELECT id, account_id, subject_id FROM ${executions}
      WHERE id = ${executionId} AND NOT output_keys ? 'hls'
    ), before AS (
      SELECT regexp_replace(earlier.output_keys ->> 'hls', '/[^/]+$', '') AS folder_key
      FROM own JOIN ${executions} AS earlier ON earlier.subject_id = own.subject_id
        AND earlier.account_id = own.account_id AND earlier.id <> own.id
        AND earlier.pipeline = 'stream' AND earlier.output_keys ? 'hls'
      ORDER BY earlier.finished_at DESC LIMIT 1
    )
    UPDATE ${mediaStreams} AS stream
    SET folder_key = before.folder_key, ready_to_stream = before.folder_key IS NOT NULL
    FROM own LEFT JOIN before ON true
    WHERE stream.execution_id = own.id
      AND (before.folder_key IS NOT NULL OR ${status === 'canceled'})`)
}

/** How media are streamed. Writes of an order are guarded by `execution_id`: the newest order counts. */
export const createMediaStreamsRepository = (
  database: Database,
  { clock = () => new Date() }: RepositoryOptions = {},
) => {
  const update = async (
    executionId: ExecutionId,
    change: Partial<Omit<MediaStream, 'mediaId' | 'accountId' | 'extras'>> & { extras?: unknown },
    within: Queryable,
  ): Promise<boolean> => {
    const { extras, ...rest } = change
    const written = await within
      .update(mediaStreams)
      .set({
        ...rest,
        ...(extras === undefined
          ? {}
          : { extras: sql`${mediaStreams.extras} || ${JSON.stringify(extras)}::jsonb` }),
        updatedAt: clock(),
      })
      .where(eq(mediaStreams.executionId, executionId))
      .returning({ mediaId: mediaStreams.mediaId })
    return written.length > 0
  }

  return withDatabaseFailures({
    find: async (accountId: AccountId, mediaId: MediaId): Promise<MediaStream | null> => {
      const [found] = await database
        .select()
        .from(mediaStreams)
        .where(and(eq(mediaStreams.mediaId, mediaId), eq(mediaStreams.accountId, accountId)))
      return found ?? null
    },

    /** Makes this order the medium's newest, unless a newer one is in work or has made all of it: the retry
     * of an older one does not take the medium from that. What an earlier order has published stays playable
     * until the new one publishes something in its place. *Idempotent.* */
    begin: async (
      input: { mediaId: MediaId; accountId: AccountId; executionId: ExecutionId },
      within: Queryable = database,
    ): Promise<void> => {
      const { executionId } = input
      const newest = { executionId, status: 'processing' as const, updatedAt: clock() }
      await within
        .insert(mediaStreams)
        .values({ ...input, ...newest })
        .onConflictDoUpdate({
          target: mediaStreams.mediaId,
          set: newest,
          setWhere: sql`NOT EXISTS (
            SELECT 1 FROM ${executions} AS newer JOIN ${executions} AS own
              ON own.id = ${executionId} AND newer.created_at > own.created_at
            WHERE newer.id = ${mediaStreams.executionId}
              AND newer.status NOT IN ('partial', 'error', 'canceled')
          )`,
        })
    },

    /** The folder has a manifest that plays. */
    publish: (executionId: ExecutionId, folderKey: string, within: Queryable = database) =>
      update(executionId, { readyToStream: true, folderKey }, within),

    /** Ends an order; `outputKeys` are added to what the record shows. Of a ladder that was not finished the
     * medium plays nothing, if there is an older one that was, or if the order was canceled: nobody pays for
     * it. False when a newer order has taken its place, or the execution is not of a stream. */
    settle: async (
      executionId: ExecutionId,
      input: {
        readonly status: MediaStreamStatus
        readonly outputKeys?: Readonly<Record<string, string>>
      },
      within: Queryable = database,
    ): Promise<boolean> => {
      const { status, outputKeys = {} } = input
      const isNewest = await update(executionId, { status, extras: outputKeys }, within)
      if (isNewest && status !== 'ready') await giveBack(within, executionId, status)
      return isNewest
    },

    /** Adds a caption track that lies in the folder; false when the medium has no stream. */
    addCaptions: async (
      mediaId: MediaId,
      language: string,
      within: Queryable = database,
    ): Promise<boolean> => {
      const languages = mediaStreams.captionLanguages
      const written = await within
        .update(mediaStreams)
        .set({
          captionLanguages: sql`CASE WHEN ${language} = ANY(${languages}) THEN ${languages} ELSE array_append(${languages}, ${language}) END`,
          updatedAt: clock(),
        })
        .where(eq(mediaStreams.mediaId, mediaId))
        .returning({ mediaId: mediaStreams.mediaId })
      return written.length > 0
    },
  })
}

export type MediaStreamsRepository = ReturnType<typeof createMediaStreamsRepository>
