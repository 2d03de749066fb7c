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
import type { LocalizationActivities } from '../contracts/localization-activities.ts'
import type { StreamActivities } from '../contracts/stream-activities.ts'
import { createClipActivities } from './clips/create-clip-activities.ts'
import type { ActivityDependencies } from './dependencies.ts'
import { createGenerationActivities } from './generations/create-generation-activities.ts'
import { abandonExecution } from './ledger/abandon-execution.ts'
import { admitExecution } from './ledger/admit-execution.ts'
import { completeExecution } from './ledger/complete-execution.ts'
import { holdCredits } from './ledger/hold-credits.ts'
import { markReady } from './ledger/mark-ready.ts'
import { markResumed, markStalled } from './ledger/mark-stalled.ts'
import { raiseHold } from './ledger/raise-hold.ts'
import { createLocalizationActivities } from './localizations/create-localization-activities.ts'
import { cropAudio } from './media/crop-audio.ts'
import { makeThumbnails } from './media/make-thumbnails.ts'
import { attemptDelivery, deliverWebhook } from './publishing/deliver-webhook.ts'
import { cancelRemoteTask } from './provider/cancel-remote-task.ts'
import { collectRemoteTask } from './provider/collect-remote-task.ts'
import { inspectRemoteTask } from './provider/inspect-remote-task.ts'
import { submitRemoteTask } from './provider/submit-remote-task.ts'
import { invalidateCdn } from './publishing/invalidate-cdn.ts'
import { notify } from './publishing/notify.ts'
import { sendAlert } from './publishing/send-alert.ts'
import { sendMail } from './publishing/send-mail.ts'
import { cancelRender } from './renderer/cancel-render.ts'
import { collectRender } from './renderer/collect-render.ts'
import { findRenderer } from './renderer/find-renderer.ts'
import { inspectRender } from './renderer/inspect-render.ts'
import { submitRender } from './renderer/submit-render.ts'
import { verifyRender } from './renderer/verify-render.ts'
import { encodeLadderPart, encodeLadderSound, planLadder } from './streams/encode-ladder.ts'
import {
  makePoster,
  makePreview,
  makeStreamStoryboard,
  makeStreamWaveform,
} from './streams/make-extras.ts'
import { findSource, probeSource } from './streams/probe-source.ts'
import { closeLadder, publishLadder } from './streams/publish-ladder.ts'
import { transcribeStream } from './streams/transcribe-stream.ts'
import { expireHolds } from './sweeps/expire-holds.ts'
import { pruneRecords } from './sweeps/prune-records.ts'
import { createTaskActivities } from './tasks/create-task-activities.ts'

export type AllActivities = LedgerActivities &
  StreamActivities &
  LocalizationActivities &
  GenerationActivities &
  ClipActivities &
  ProviderActivities &
  MediaActivities &
  RendererActivities &
  PublishingActivities &
  TaskActivities &
  SweepActivities

/** Every activity, with what it needs. Which queue runs which is the proxies' business. */
export const createActivities = (deps: ActivityDependencies): AllActivities => ({
  holdCredits: holdCredits(deps),
  markReady: markReady(deps),
  abandonExecution: abandonExecution(deps),
  admitExecution: admitExecution(deps),
  raiseHold: raiseHold(deps),
  completeExecution: completeExecution(deps),
  markStalled: markStalled(deps),
  markResumed: markResumed(deps),
  cropAudio: cropAudio(deps),
  makeThumbnails: makeThumbnails(deps),
  submitRender: submitRender(deps),
  inspectRender: inspectRender(deps),
  collectRender: collectRender(deps),
  verifyRender: verifyRender(deps),
  cancelRender: cancelRender(deps),
  findRenderer: findRenderer(deps),
  invalidateCdn: invalidateCdn(deps),
  notify: notify(deps),
  sendMail: sendMail(deps),
  sendAlert: sendAlert(deps),
  attemptDelivery: attemptDelivery(deps),
  deliverWebhook: deliverWebhook(deps),
  submitRemoteTask: submitRemoteTask(deps),
  inspectRemoteTask: inspectRemoteTask(deps),
  collectRemoteTask: collectRemoteTask(deps),
  cancelRemoteTask: cancelRemoteTask(deps),
  ...createTaskActivities(deps),
  probeSource: probeSource(deps),
  findSource: findSource(deps),
  planLadder: planLadder(deps),
  encodeLadderPart: encodeLadderPart(deps),
  encodeLadderSound: encodeLadderSound(deps),
  publishLadder: publishLadder(deps),
  closeLadder: closeLadder(deps),
  makePoster: makePoster(deps),
  makePreview: makePreview(deps),
  transcribeStream: transcribeStream(deps),
  makeStreamStoryboard: makeStreamStoryboard(deps),
  makeStreamWaveform: makeStreamWaveform(deps),
  ...createLocalizationActivities(deps),
  ...createGenerationActivities(deps),
  ...createClipActivities(deps),
  expireHolds: expireHolds(deps),
  pruneRecords: pruneRecords(deps),
})
