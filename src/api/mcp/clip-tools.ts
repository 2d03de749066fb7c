import { z } from 'zod'
import { CLIP_FORMATS } from '../../domain/clips/clip-wish.ts'
import { CAPTION_PRESETS } from '../../domain/generation/job-params.ts'
import { question, type AgentTool } from './agent-tool.ts'

const clipIdField = z.string().meta({ description: 'clip_…, as list_clips shows it.' })
const keyField = z
  .string()
  .optional()
  .meta({ description: 'The same key orders the same change only once.' })

const pathOf = (clipId: string, end = ''): string => `/v1/clips/${encodeURIComponent(clipId)}${end}`

/** What an agent can do with clips: each is a route of the API, asked in the name of its key. */
export const CLIP_TOOLS: readonly AgentTool[] = [
  question(
    {
      name: 'list_clips',
      title: 'List the clips of an order',
      description: 'The clips that an order has made, each in its newest version.',
      readOnly: true,
    },
    z.object({ executionId: z.string().meta({ description: 'exec_…, of the order of clips.' }) }),
    ({ executionId }) => ({
      method: 'GET',
      path: `/v1/clips?executionId=${encodeURIComponent(executionId)}`,
    }),
  ),
  question(
    {
      name: 'get_clip',
      title: 'Get a clip',
      description: 'A clip in its newest version, and the change that is in work on it.',
      readOnly: true,
    },
    z.object({ clipId: clipIdField }),
    ({ clipId }) => ({ method: 'GET', path: pathOf(clipId) }),
  ),
  question(
    {
      name: 'edit_clip',
      title: 'Edit a clip',
      description:
        'Cuts one clip again with other times, captions or format, for the price of a clip. What is left out stays. Answers at once; get_clip shows the new version when it is there.',
      readOnly: false,
    },
    z.object({
      clipId: clipIdField,
      start: z.number().min(0).optional().meta({ description: 'In seconds of the source.' }),
      end: z.number().min(0).optional(),
      captions: z
        .union([z.literal(false), z.object({ preset: z.enum(CAPTION_PRESETS) })])
        .optional(),
      format: z.enum(CLIP_FORMATS).optional(),
      idempotencyKey: keyField,
    }),
    ({ clipId, idempotencyKey, ...body }) => ({
      ...{ method: 'POST', path: pathOf(clipId, '/edit'), body, idempotencyKey },
    }),
  ),
  question(
    {
      name: 'regenerate_clip',
      title: 'Regenerate a clip',
      description:
        'Puts another moment of the same video in the place of one clip, for the price of a clip. It overlaps no other clip of the order, so one clip of an order is regenerated at a time.',
      readOnly: false,
    },
    z.object({
      clipId: clipIdField,
      prompt: z.string().optional().meta({ description: 'What is looked for.' }),
      idempotencyKey: keyField,
    }),
    ({ clipId, idempotencyKey, ...body }) => ({
      ...{ method: 'POST', path: pathOf(clipId, '/regenerate'), body, idempotencyKey },
    }),
  ),
]
