import { boolean, index, jsonb, pgTable, text } from 'drizzle-orm/pg-core'
import type { AccountId, ExecutionId, MediaId } from '../../domain/ids.ts'
import { MEDIA_STREAM_STATUSES } from '../../domain/statuses.ts'
import { accounts } from './accounts.ts'
import { moment } from './columns.ts'
import { media } from './media.ts'

/** What a stream has beside its ladder: names to storage keys. */
export type StreamExtras = Readonly<Record<string, string>>

/** How a medium is streamed: the part of its record that the newest order of a stream writes. */
export const mediaStreams = pgTable(
  'media_streams',
  {
    mediaId: text('media_id')
      .$type<MediaId>()
      .primaryKey()
      .references(() => media.id),
    accountId: text('account_id')
      .$type<AccountId>()
      .notNull()
      .references(() => accounts.id),
    /** The newest order; older ones may no longer write to this row. */
    executionId: text('execution_id').$type<ExecutionId>().notNull(),
    status: text({ enum: MEDIA_STREAM_STATUSES }).notNull().default('processing'),
    /** At least one rung is published. */
    readyToStream: boolean('ready_to_stream').notNull().default(false),
    /** Where manifests, segments and captions lie; null until something is published. */
    folderKey: text('folder_key'),
    extras: jsonb().$type<StreamExtras>().notNull().default({}),
    /** Languages of the caption tracks, which lie in the folder as `captions/<language>.vtt`. */
    captionLanguages: text('caption_languages').array().notNull().default([]),
    updatedAt: moment('updated_at').notNull().defaultNow(),
  },
  (table) => [
    // Every write of an order finds its row by this.
    index('media_streams_execution').on(table.executionId),
  ],
)
