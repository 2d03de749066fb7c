/** What the worker registers: one function per workflow type. */
export { generate } from './generate.ts'
export { holdSweep } from './hold-sweep.ts'
export { localize } from './localize.ts'
export { render } from './render.ts'
export { stream } from './stream.ts'
export { task } from './task.ts'
export { webhookDelivery } from './webhook-delivery.ts'
