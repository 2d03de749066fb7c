import { and, eq, type InferInsertModel, type InferSelectModel } from 'drizzle-orm'
import type { RenderFiles } from '../../contracts/activities.ts'
import type { AccountId, ExecutionId, VideoId } from '../../domain/ids.ts'
import type { Database, Queryable } from '../database.ts'
import { withDatabaseFailures } from '../failures.ts'
import { executions, videos } from '../schema/index.ts'
import {
  afterCursor,
  newestFirst,
  pageOf,
  type Page,
  type PageRequest,
  type RepositoryOptions,
} from './page.ts'

export type Video = InferSelectModel<typeof videos>
export type NewVideo = Pick<
  InferInsertModel<typeof videos>,
  | 'id'
  | 'accountId'
  | 'audioMediaId'
  | 'startSeconds'
  | 'endSeconds'
  | 'format'
  | 'template'
  | 'hdr'
  | 'settings'
>

type VideoChange = Partial<Omit<InferInsertModel<typeof videos>, 'id' | 'accountId'>>

/** What a render may write. Each answers whether it wrote: a superseded execution cannot. */
const createRenderWrites = (database: Database, clock: () => Date) => {
  const update = async (
    executionId: ExecutionId,
    change: VideoChange,
    within: Queryable,
  ): Promise<boolean> => {
    const written = await within
      .update(videos)
      .set({ ...change, updatedAt: clock() })
      .where(eq(videos.executionId, executionId))
      .returning({ id: videos.id })
    return written.length > 0
  }

  return {
    /** Makes `executionId` the video's newest; all others lose the right to write. */
    startRender: async (
      input: { accountId: AccountId; videoId: VideoId; executionId: ExecutionId },
      within: Queryable = database,
    ): Promise<boolean> => {
      const { accountId, videoId, executionId } = input
      const written = await within
        .update(videos)
        .set({
          executionId,
          status: 'pending',
          renderProgress: 0,
          stalledAt: null,
          updatedAt: clock(),
        })
        .where(and(eq(videos.id, videoId), eq(videos.accountId, accountId)))
        .returning({ id: videos.id })
      return written.length > 0
    },

    markProcessing: (executionId: ExecutionId, within: Queryable = database) =>
      update(executionId, { status: 'processing' }, within),

    /** `renderProgress`: 0 to 100. */
    setProgress: (executionId: ExecutionId, renderProgress: number, within: Queryable = database) =>
      update(executionId, { renderProgress }, within),

    setCroppedAudio: (
      executionId: ExecutionId,
      croppedAudioKey: string,
      within: Queryable = database,
    ) => update(executionId, { croppedAudioKey }, within),

    markStalled: (executionId: ExecutionId, within: Queryable = database) =>
      update(executionId, { status: 'stalled', stalledAt: clock() }, within),

    markResumed: (executionId: ExecutionId, within: Queryable = database) =>
      update(executionId, { status: 'processing', stalledAt: null }, within),

    markReady: (
      input: { executionId: ExecutionId; files: RenderFiles; renderTimeSeconds: number },
      within: Queryable = database,
    ) =>
      update(
        input.executionId,
        {
          status: 'ready',
          renderProgress: 100,
          renderTimeSeconds: input.renderTimeSeconds,
          stalledAt: null,
          ...input.files,
        },
        within,
      ),

    /** Ends a render without a result. Files of an earlier render stay: they are still valid. */
    settle: (
      executionId: ExecutionId,
      status: 'error' | 'canceled',
      within: Queryable = database,
    ) => update(executionId, { status, stalledAt: null }, within),
  }
}

/** Video projects. Writes of a render are guarded by `execution_id`. */
export const createVideosRepository = (
  database: Database,
  { clock = () => new Date() }: RepositoryOptions = {},
) => {
  const find = async (accountId: AccountId, id: VideoId): Promise<Video | null> => {
    const [video] = await database
      .select()
      .from(videos)
      .where(and(eq(videos.id, id), eq(videos.accountId, accountId)))
    return video ?? null
  }

  return withDatabaseFailures({
    ...createRenderWrites(database, clock),
    find,

    /** *Idempotent* by id: the stored row is returned. */
    insert: async (row: NewVideo): Promise<Video> => {
      const [inserted] = await database.insert(videos).values(row).onConflictDoNothing().returning()
      return inserted ?? (await find(row.accountId, row.id))!
    },

    /** The video that an execution renders; null once a newer render has taken its place. */
    findForExecution: async (executionId: ExecutionId): Promise<Video | null> => {
      const [found] = await database
        .select({ video: videos })
        .from(executions)
        .innerJoin(
          videos,
          and(eq(videos.id, executions.subjectId), eq(videos.executionId, executions.id)),
        )
        .where(eq(executions.id, executionId))
      return found?.video ?? null
    },

    list: async (accountId: AccountId, page: PageRequest): Promise<Page<Video>> => {
      const rows = await database
        .select()
        .from(videos)
        .where(and(eq(videos.accountId, accountId), afterCursor(videos, page.cursor)))
        .orderBy(...newestFirst(videos))
        .limit(page.limit + 1)
      return pageOf(rows, page.limit)
    },
  })
}

export type VideosRepository = ReturnType<typeof createVideosRepository>
