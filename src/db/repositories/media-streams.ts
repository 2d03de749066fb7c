import { and, eq, sql, type InferSelectModel } from 'drizzle-orm'
import type { AccountId, ExecutionId, MediaId } from '../../domain/ids.ts'
import type { MediaStreamStatus } from '../../domain/statuses.ts'
import type { Database, Queryable } from '../database.ts'
import { withDatabaseFailures } from '../failures.ts'
import { mediaStreams } from '../schema/index.ts'
import type { RepositoryOptions } from './page.ts'

export type MediaStream = InferSelectModel<typeof mediaStreams>

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

    /** Makes this order the medium's newest. What an earlier one has published stays playable until
     * the new one publishes something in its place. *Idempotent.* */
    begin: async (
      input: { mediaId: MediaId; accountId: AccountId; executionId: ExecutionId },
      within: Queryable = database,
    ): Promise<void> => {
      const { executionId } = input
      const newest = { executionId, status: 'processing' as const, updatedAt: clock() }
      await within
        .insert(mediaStreams)
        .values({ ...input, ...newest })
        .onConflictDoUpdate({ target: mediaStreams.mediaId, set: newest })
    },

    /** The folder has a manifest that plays. */
    publish: (executionId: ExecutionId, folderKey: string, within: Queryable = database) =>
      update(executionId, { readyToStream: true, folderKey }, within),

    /** Ends an order; `outputKeys` are added to what the record shows. False when a newer order has
     * taken its place, or the execution is not of a stream. */
    settle: (
      executionId: ExecutionId,
      input: {
        readonly status: MediaStreamStatus
        readonly outputKeys?: Readonly<Record<string, string>>
      },
      within: Queryable = database,
    ) => update(executionId, { status: input.status, extras: input.outputKeys ?? {} }, within),

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
