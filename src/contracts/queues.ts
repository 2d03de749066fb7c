/** Task queues, by the resource that they use. */
export const QUEUES = ['pipelines', 'media', 'render', 'inference', 'download'] as const
/** Each provider of models has one of its own, with its limits. */
export type Queue = (typeof QUEUES)[number] | `models-${string}`

/** What a worker can be told to serve: these queues, and those of all providers. */
export const WORKER_ROLES = [...QUEUES, 'models'] as const
