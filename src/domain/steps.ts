/**
 * The steps of each pipeline as a customer sees them, and which activities make them up. A step is
 * opened by the first of its activities and closed by the last; the recorder of steps reads this
 * table, so that workflows contain no bookkeeping.
 */

export const PIPELINES = ['render'] as const
export type Pipeline = (typeof PIPELINES)[number]

export const PIPELINE_STEPS = {
  render: [
    'hold credits',
    'crop audio',
    'remote render',
    'thumbnails',
    'invalidate cdn',
    'mark ready',
    'notify',
  ],
} as const satisfies Record<Pipeline, readonly string[]>

export type StepName = (typeof PIPELINE_STEPS)[Pipeline][number]

export interface StepPart {
  readonly step: StepName
  /** `whole`: the activity is the step. A step of several activities is opened by one and closed
   * by another; what lies between them (waiting) belongs to the step. */
  readonly part: 'whole' | 'opens' | 'closes'
}

/** Activities that are missing here (alerts, compensation, polls) are no steps of their own. */
export const STEP_OF_ACTIVITY: Readonly<Record<string, StepPart>> = {
  cropAudio: { step: 'crop audio', part: 'whole' },
  submitRender: { step: 'remote render', part: 'opens' },
  collectRender: { step: 'remote render', part: 'closes' },
  makeThumbnails: { step: 'thumbnails', part: 'whole' },
  invalidateCdn: { step: 'invalidate cdn', part: 'whole' },
  markReady: { step: 'mark ready', part: 'whole' },
  notify: { step: 'notify', part: 'whole' },
  sendMail: { step: 'notify', part: 'whole' },
}

/** Steps that tell of the end of an execution, and so run after it, however it ended. */
export const runsAfterEnd = (step: string): boolean => step === ('notify' satisfies StepName)
