import { z } from 'zod'
import { httpUrlField, idField, metadataField } from '../fields.ts'
import { priorityField } from '../videos.ts'
import { renderTaskOptions } from './render-options.ts'

const common = {
  input: z.union([httpUrlField, idField('media')], {
    error: 'is neither an http(s) URL nor the id of a medium',
  }),
  metadata: metadataField.default({}),
  webhook_url: httpUrlField.nullable().optional(),
  priority: priorityField.optional(),
}

const order = <Kind extends string, Options extends z.ZodType>(kind: Kind, options: Options) =>
  z.strictObject({ ...common, kind: z.literal(kind), options })

/** One single media operation. Which options there are depends on its kind. */
export const newTask = z.discriminatedUnion('kind', [
  order('render', renderTaskOptions.prefault({})),
])
export type NewTaskOrder = z.output<typeof newTask>
