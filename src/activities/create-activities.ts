import type {
  LedgerActivities,
  MediaActivities,
  PublishingActivities,
  RendererActivities,
  SweepActivities,
  TaskActivities,
} from '../contracts/activities.ts'
import type { ActivityDependencies } from './dependencies.ts'
import { abandonExecution } from './ledger/abandon-execution.ts'
import { admitExecution } from './ledger/admit-execution.ts'
import { completeExecution } from './ledger/complete-execution.ts'
import { holdCredits } from './ledger/hold-credits.ts'
import { markReady } from './ledger/mark-ready.ts'
import { markResumed, markStalled } from './ledger/mark-stalled.ts'
import { raiseHold } from './ledger/raise-hold.ts'
import { cropAudio } from './media/crop-audio.ts'
import { makeThumbnails } from './media/make-thumbnails.ts'
import { deliverWebhook } from './publishing/deliver-webhook.ts'
import { invalidateCdn } from './publishing/invalidate-cdn.ts'
import { notify } from './publishing/notify.ts'
import { sendAlert } from './publishing/send-alert.ts'
import { sendMail } from './publishing/send-mail.ts'
import { cancelRender } from './renderer/cancel-render.ts'
import { collectRender } from './renderer/collect-render.ts'
import { findRenderer } from './renderer/find-renderer.ts'
import { inspectRender } from './renderer/inspect-render.ts'
import { submitRender } from './renderer/submit-render.ts'
import { expireHolds } from './sweeps/expire-holds.ts'
import { pruneRecords } from './sweeps/prune-records.ts'
import { abandonTask } from './tasks/abandon-task.ts'
import { completeTask } from './tasks/complete-task.ts'
import { prepareTask } from './tasks/prepare-task.ts'
import { renderTask } from './tasks/render-task.ts'

export type AllActivities = LedgerActivities &
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
  cancelRender: cancelRender(deps),
  findRenderer: findRenderer(deps),
  invalidateCdn: invalidateCdn(deps),
  notify: notify(deps),
  sendMail: sendMail(deps),
  sendAlert: sendAlert(deps),
  deliverWebhook: deliverWebhook(deps),
  prepareTask: prepareTask(deps),
  renderTask: renderTask(deps),
  completeTask: completeTask(deps),
  abandonTask: abandonTask(deps),
  expireHolds: expireHolds(deps),
  pruneRecords: pruneRecords(deps),
})
