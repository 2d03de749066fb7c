import { and, eq, type InferInsertModel, type InferSelectModel } from 'drizzle-orm'
import type { AccountId, MediaId } from '../../domain/ids.ts'
import type { Database } from '../database.ts'
import { withDatabaseFailures } from '../failures.ts'
import { media } from '../schema/index.ts'
import { afterCursor, newestFirst, pageOf, type Page, type PageRequest } from './page.ts'

export type Media = InferSelectModel<typeof media>
export type NewMedia = Omit<InferInsertModel<typeof media>, 'createdAt'>

/** Uploaded and imported files. Rows never change. */
export const createMediaRepository = (database: Database) => {
  const find = async (accountId: AccountId, id: MediaId): Promise<Media | null> => {
    const [found] = await database
      .select()
      .from(media)
      .where(and(eq(media.id, id), eq(media.accountId, accountId)))
    return found ?? null
  }

  return withDatabaseFailures({
    find,

    /** *Idempotent* by id: the stored row is returned. */
    insert: async (row: NewMedia): Promise<Media> => {
      const [inserted] = await database.insert(media).values(row).onConflictDoNothing().returning()
      return inserted ?? (await find(row.accountId, row.id))!
    },

    list: async (accountId: AccountId, page: PageRequest): Promise<Page<Media>> => {
      const rows = await database
        .select()
        .from(media)
        .where(and(eq(media.accountId, accountId), afterCursor(media, page.cursor)))
        .orderBy(...newestFirst(media))
        .limit(page.limit + 1)
      return pageOf(rows, page.limit)
    },
  })
}

export type MediaRepository = ReturnType<typeof createMediaRepository>
