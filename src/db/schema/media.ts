import { bigint, doublePrecision, index, jsonb, pgTable, text } from 'drizzle-orm/pg-core'
import type { AccountId, MediaId } from '../../domain/ids.ts'
import { accounts } from './accounts.ts'
import { createdAt } from './columns.ts'

export const MEDIA_KINDS = ['audio', 'video', 'image'] as const

/** One stream as ffprobe described it at upload. */
export interface StoredStream {
  readonly kind: 'audio' | 'video' | 'subtitle' | 'data'
  readonly codec: string
  /** Absent where the file only tells its own. */
  readonly durationSeconds?: number
  readonly sampleRateHz?: number
  readonly channels?: number
  readonly widthPx?: number
  readonly heightPx?: number
  readonly frameRate?: number
}

export const media = pgTable(
  'media',
  {
    id: text().$type<MediaId>().primaryKey(),
    accountId: text('account_id')
      .$type<AccountId>()
      .notNull()
      .references(() => accounts.id),
    kind: text({ enum: MEDIA_KINDS }).notNull(),
    storageKey: text('storage_key').notNull(),
    fileName: text('file_name'),
    contentType: text('content_type').notNull(),
    sizeBytes: bigint('size_bytes', { mode: 'number' }).notNull(),
    /** Null for pictures. */
    durationSeconds: doublePrecision('duration_seconds'),
    streams: jsonb().$type<readonly StoredStream[]>().notNull(),
    createdAt: createdAt(),
  },
  (table) => [index('media_account').on(table.accountId, table.createdAt)],
)
