/** Fields that many bodies and answers share. */

import { z } from 'zod'
import { ID_PREFIXES, type IdKind } from '../../domain/ids.ts'

type IdOf<K extends IdKind> = `${(typeof ID_PREFIXES)[K]}_${string}`

/** An id of one kind, parsed at the edge into its branded type. */
export const idField = <K extends IdKind>(kind: K) =>
  z.templateLiteral([`${ID_PREFIXES[kind]}_`, z.string().regex(/^[0-9A-Za-z]{8,64}$/)]).meta({
    description: `An id that begins with \`${ID_PREFIXES[kind]}_\`.`,
  }) as unknown as z.ZodType<IdOf<K>, IdOf<K>>

export const timeField = z.iso.datetime().meta({ description: 'ISO 8601, UTC.' })
export const optionalTimeField = timeField.nullable()

/** A line that people read in a picture or a list: no control characters, which no font can draw. */
export const lineField = (lengthMax: number) =>
  z
    .string()
    .trim()
    .max(lengthMax)
    .regex(/^[^\p{Cc}\u2028\u2029]*$/u, { error: 'has characters that cannot be shown' })

/** A request's own notes, handed back untouched. Small, because it travels in every webhook. */
const METADATA_SIZE_BYTES_MAX = 4096
export const metadataField = z
  .record(z.string().max(100), z.unknown())
  .refine((value) => Buffer.byteLength(JSON.stringify(value)) <= METADATA_SIZE_BYTES_MAX, {
    error: `is larger than ${METADATA_SIZE_BYTES_MAX} bytes as JSON`,
  })

export const httpUrlField = z.url({ protocol: /^https?$/ }).max(2048)

export const pageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(20),
  cursor: z
    .string()
    .regex(/^[\w.:-]{1,200}$/)
    .optional()
    .meta({ description: '`nextCursor` of the page before.' }),
})

/** A page under the name of what it lists; `nextCursor` is null on the last one. */
export const pageOf = <Name extends string, Item extends z.ZodType>(name: Name, item: Item) =>
  z.object({ [name]: z.array(item), nextCursor: z.string().nullable() } as {
    [key in Name]: z.ZodArray<Item>
  } & { nextCursor: z.ZodNullable<z.ZodString> })

/** A failure as a client sees it. */
export const failureField = z.object({ code: z.string(), message: z.string() })
