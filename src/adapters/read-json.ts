import type { z } from 'zod'

/** What another program's text says, as JSON of this schema; null when it is a page, breaks off, or is of
 * some other shape. */
export const readJson = <Schema extends z.ZodType>(
  schema: Schema,
  text: string,
): z.output<Schema> | null => {
  try {
    return schema.safeParse(JSON.parse(text)).data ?? null
  } catch {
    return null
  }
}
