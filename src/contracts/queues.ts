/** Task queues, by the resource that they use. */
export const QUEUES = ['pipelines', 'media', 'render'] as const
export type Queue = (typeof QUEUES)[number]

/** Custom search attributes that set-up registers; all of them keywords. */
export const SEARCH_ATTRIBUTES = {
  account: 'SpoolAccountId',
  status: 'SpoolStatus',
  execution: 'SpoolExecutionId',
} as const
