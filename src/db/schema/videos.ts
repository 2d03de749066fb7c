import { boolean, doublePrecision, index, jsonb, pgTable, text } from 'drizzle-orm/pg-core'
import { FORMATS } from '../../domain/frame-size.ts'
import type { AccountId, ExecutionId, MediaId, VideoId } from '../../domain/ids.ts'
import { TEMPLATES } from '../../domain/render-spec.ts'
import { VIDEO_STATUSES } from '../../domain/statuses.ts'
import type { VideoSettings } from '../../domain/video-settings.ts'
import { accounts } from './accounts.ts'
import { createdAt, moment } from './columns.ts'
import { media } from './media.ts'

/** A project: which part of which song, drawn how; and the state of its newest render. */
export const videos = pgTable(
  'videos',
  {
    id: text().$type<VideoId>().primaryKey(),
    accountId: text('account_id')
      .$type<AccountId>()
      .notNull()
      .references(() => accounts.id),
    audioMediaId: text('audio_media_id')
      .$type<MediaId>()
      .notNull()
      .references(() => media.id),
    startSeconds: doublePrecision('start_seconds').notNull(),
    endSeconds: doublePrecision('end_seconds').notNull(),
    format: text({ enum: FORMATS }).notNull(),
    template: text({ enum: TEMPLATES }).notNull(),
    hdr: boolean().notNull(),
    settings: jsonb().$type<VideoSettings>().notNull(),
    status: text({ enum: VIDEO_STATUSES }).notNull().default('draft'),
    /** The newest render; older ones may no longer write to this row. */
    executionId: text('execution_id').$type<ExecutionId>(),
    /** 0 to 100. */
    renderProgress: doublePrecision('render_progress'),
    renderTimeSeconds: doublePrecision('render_time_seconds'),
    croppedAudioKey: text('cropped_audio_key'),
    videoKey: text('video_key'),
    thumbnailKey: text('thumbnail_key'),
    squareThumbnailKey: text('square_thumbnail_key'),
    stalledAt: moment('stalled_at'),
    createdAt: createdAt(),
    updatedAt: moment('updated_at').notNull().defaultNow(),
  },
  (table) => [
    index('videos_account').on(table.accountId, table.createdAt),
    // Every write of a render finds its row by this.
    index('videos_execution').on(table.executionId),
  ],
)
