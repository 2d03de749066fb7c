/** The only activity proxies, each under its profile. The summary is what the Web UI shows. */

import {
  proxyActivities,
  proxyLocalActivities,
  type ActivityOptions,
  type LocalActivityOptions,
} from '@temporalio/workflow'
import type {
  LedgerActivities,
  MediaActivities,
  ProviderActivities,
  PublishingActivities,
  RendererActivities,
  SweepActivities,
  TaskActivities,
} from '../contracts/activities.ts'
import type { ClipActivities } from '../contracts/clip-activities.ts'
import type { GenerationActivities } from '../contracts/generation-activities.ts'
import type {
  LocalizationActivities,
  LocalizationStages,
} from '../contracts/localization-activities.ts'
import type { BesideLadder, StreamActivities } from '../contracts/stream-activities.ts'
import type { Queue } from '../contracts/queues.ts'
import {
  COLLECT,
  DELIVER,
  DOWNLOAD,
  DRAW,
  ENCODE,
  FETCH,
  INFER,
  LADDER,
  LOOK,
  ORDER,
  PROVIDER,
  QUICK,
  RECEIVE,
  STOP,
  SWEEP,
  TELL,
  WATCH,
  WRITE,
  encodeLater,
} from './activity-profiles.ts'

/** Picks activities out of an interface, each under a profile and with its summary. */
const remote =
  <A>(profile: ActivityOptions) =>
  <Name extends keyof A>(name: Name, summary: string): A[Name] =>
    proxyActivities<A>({ ...profile, summary })[name] as A[Name]

const local =
  <A>(profile: LocalActivityOptions) =>
  <Name extends keyof A>(name: Name, summary: string): A[Name] =>
    proxyLocalActivities<A>({ ...profile, summary })[name] as A[Name]

const money = local<LedgerActivities>(QUICK)
export const ledger: LedgerActivities = {
  holdCredits: money('holdCredits', 'Hold the credits'),
  markReady: money('markReady', 'Publish the video and capture the hold'),
  abandonExecution: money('abandonExecution', 'Give the credits back'),
  admitExecution: money('admitExecution', 'Hold the credits'),
  raiseHold: money('raiseHold', 'Hold what the source costs beyond'),
  completeExecution: money('completeExecution', 'Publish what was made and capture its price'),
  markStalled: money('markStalled', 'Show that it is stalled'),
  markResumed: money('markResumed', 'Show that it goes on'),
}

const encode = remote<MediaActivities>(ENCODE)
export const media: MediaActivities = {
  cropAudio: encode('cropAudio', 'Cut the region out of the song'),
  makeThumbnails: remote<MediaActivities>(RECEIVE)(
    'makeThumbnails',
    'Make two thumbnails of the best frame',
  ),
}

const cut = remote<StreamActivities>(ENCODE)
const write = remote<StreamActivities>(WRITE)
const reach = local<StreamActivities>(QUICK)
export const streams: Omit<StreamActivities, BesideLadder> = {
  probeSource: cut('probeSource', 'Fetch and judge the source'),
  findSource: reach('findSource', 'Find the source again'),
  planLadder: cut('planLadder', 'Decide what the ladder consists of'),
  encodeLadderPart: remote<StreamActivities>(LADDER)('encodeLadderPart', 'Make a range of rungs'),
  encodeLadderSound: cut('encodeLadderSound', 'Make the sound of the ladder'),
  publishLadder: write('publishLadder', 'Publish what can be played already'),
  closeLadder: write('closeLadder', 'Publish the whole ladder'),
  transcribeStream: remote<StreamActivities>(INFER)('transcribeStream', 'Write down what is said'),
}

/** The short work on a stream, which gives way to its ladder: nothing of it is as urgent as that the
 * film can be played. */
export const besideLadder = (): Pick<StreamActivities, BesideLadder> => {
  const later = remote<StreamActivities>(encodeLater())
  return {
    makePoster: later('makePoster', 'Make the poster'),
    makePreview: later('makePreview', 'Make the animated previews'),
    makeStreamStoryboard: later('makeStreamStoryboard', 'Make the pictures for the seek bar'),
    makeStreamWaveform: later('makeStreamWaveform', 'Measure the peaks of the sound'),
  }
}

export const localizations: Pick<LocalizationActivities, 'bringRecording' | 'findRecording'> = {
  bringRecording: remote<LocalizationActivities>(ENCODE)('bringRecording', 'Fetch and judge it'),
  findRecording: local<LocalizationActivities>(QUICK)('findRecording', 'Find the recording again'),
}

export type LocalizationProxies = Omit<LocalizationActivities, keyof typeof localizations>

/** The stages of a localization, each with the time that it was given when the order was planned. */
export const localizationStages = (plan: LocalizationStages): LocalizationProxies => {
  const within = (profile: ActivityOptions, { timeoutMs }: LocalizationStages['extract']) =>
    remote<LocalizationActivities>({ ...profile, startToCloseTimeout: timeoutMs })
  const { extract, transcribe, subtitles, translate } = plan
  return {
    extractAudio: within(ENCODE, extract)('extractAudio', 'Take the sound out'),
    transcribeRecording: within(INFER, transcribe)(
      'transcribeRecording',
      'Write down what is said',
    ),
    makeSubtitles: within(ENCODE, subtitles)('makeSubtitles', 'Lay the subtitles out'),
    translateSubtitles: within(INFER, translate)('translateSubtitles', 'Translate the subtitles'),
    publishCaptions: remote<LocalizationActivities>(ENCODE)(
      'publishCaptions',
      'Make them caption tracks of the stream',
    ),
  }
}

const cutting = remote<ClipActivities>(ENCODE)
export const clips: ClipActivities = {
  bringFootage: remote<ClipActivities>(DOWNLOAD)('bringFootage', 'Fetch and judge the video'),
  findFootage: local<ClipActivities>(QUICK)('findFootage', 'Find the video again'),
  scoreMoments: remote<ClipActivities>(INFER)('scoreMoments', 'Choose the moments'),
  watchFaces: cutting('watchFaces', 'Look for faces and cuts'),
  cutClip: cutting('cutClip', 'Crop, caption and encode the clip'),
  publishClip: cutting('publishClip', 'Make its picture, and publish it'),
}

type ModelActivities = Pick<
  GenerationActivities,
  'submitModelJob' | 'inspectModelJob' | 'cancelModelJob'
>

const plan = local<GenerationActivities>(QUICK)
const fetchAndJudge = remote<GenerationActivities>(FETCH)
export const generations: Omit<GenerationActivities, keyof ModelActivities> = {
  openPlan: plan('openPlan', 'Read the plan'),
  bringSources: fetchAndJudge('bringSources', 'Fetch and judge what the plan names'),
  claimJobs: plan('claimJobs', 'Look for what was made before'),
  adoptModelJob: plan('adoptModelJob', 'Take over a job that was found'),
  collectModelJob: remote<GenerationActivities>(COLLECT)(
    'collectModelJob',
    'Fetch and check what the model made',
  ),
  makeMedia: remote<GenerationActivities>(LADDER)('makeMedia', 'Make it of other files'),
  expandJob: plan('expandJob', 'Add the jobs of the scenes'),
  adoptResult: plan('adoptResult', 'Take the result of the last scene job'),
  markWaiting: plan('markWaiting', 'Show what a job waits for'),
  failJob: plan('failJob', 'Let others make it'),
}

/** Calls of the models of one provider, on the queue that keeps its limits. */
export const modelProxies = (taskQueue: Queue): ModelActivities => ({
  submitModelJob: remote<GenerationActivities>({ ...ORDER, taskQueue })(
    'submitModelJob',
    'Order it from the provider',
  ),
  inspectModelJob: remote<GenerationActivities>({ ...LOOK, taskQueue })(
    'inspectModelJob',
    'Ask the provider how it is',
  ),
  cancelModelJob: remote<GenerationActivities>({ ...STOP, taskQueue })(
    'cancelModelJob',
    'Tell the provider to stop',
  ),
})

const ask = remote<RendererActivities>(PROVIDER)
const judge = remote<RendererActivities>(RECEIVE)
export const renderer: RendererActivities = {
  submitRender: ask('submitRender', 'Order the render'),
  inspectRender: remote<RendererActivities>(WATCH)(
    'inspectRender',
    'Ask the renderer how the task is',
  ),
  cancelRender: ask('cancelRender', 'Tell the renderer to stop'),
  findRenderer: ask('findRenderer', 'Look for a renderer that is well'),
  // Fetching and judging a finished video is work on our own machines.
  collectRender: judge('collectRender', 'Fetch the video'),
  verifyRender: judge('verifyRender', 'Make sure that the video is what was ordered'),
}

const provide = remote<ProviderActivities>(PROVIDER)
export const provider: ProviderActivities = {
  submitRemoteTask: provide('submitRemoteTask', 'Order the work from a provider'),
  inspectRemoteTask: provide('inspectRemoteTask', 'Ask the provider how the work is'),
  cancelRemoteTask: provide('cancelRemoteTask', 'Tell the provider to stop'),
  collectRemoteTask: remote<ProviderActivities>(COLLECT)(
    'collectRemoteTask',
    'Fetch and check what the provider made',
  ),
}

const tell = remote<PublishingActivities>(TELL)
export const publishing: PublishingActivities = {
  invalidateCdn: tell('invalidateCdn', 'Drop old copies from the CDN'),
  notify: tell('notify', 'Record the event for webhooks'),
  sendMail: tell('sendMail', 'Mail the account'),
  sendAlert: tell('sendAlert', 'Alert the operators'),
  attemptDelivery: tell('attemptDelivery', 'Deliver the event'),
  deliverWebhook: remote<PublishingActivities>(DELIVER)('deliverWebhook', 'Deliver the event'),
}
const settle = local<TaskActivities>(QUICK)
const work = remote<TaskActivities>(ENCODE)
const think = remote<TaskActivities>(INFER)
export const tasks: TaskActivities = {
  prepareTask: work('prepareTask', 'Fetch, check and price the input'),
  renderTask: remote<TaskActivities>(DRAW)('renderTask', 'Draw the video'),
  convertTask: work('convertTask', 'Make the file that was asked for'),
  measureWaveform: work('measureWaveform', 'Measure the peaks of the sound'),
  makeStoryboardTask: work('makeStoryboardTask', 'Make the pictures for a seek bar'),
  packageTask: work('packageTask', 'Make the adaptive stream'),
  transcribeTask: think('transcribeTask', 'Write down what is said'),
  layOutSubtitles: work('layOutSubtitles', 'Lay the subtitles out'),
  translateTask: think('translateTask', 'Translate the subtitles'),
  completeTask: settle('completeTask', 'Publish the file and capture the hold'),
  abandonTask: settle('abandonTask', 'Give the credits back'),
}

const sweep = remote<SweepActivities>(SWEEP)
export const sweeps: SweepActivities = {
  expireHolds: sweep('expireHolds', 'End holds whose workflow is closed'),
  pruneRecords: sweep('pruneRecords', 'Remove old records'),
}
