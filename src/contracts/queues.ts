/** Task queues, by the resource that they use. */
export const QUEUES = ['pipelines', 'media', 'render', 'inference'] as const
export type Queue = (typeof QUEUES)[number]
