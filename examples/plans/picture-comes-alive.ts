// A picture, then a video that begins with it; told by a webhook, and asked for all the same. Needs keys
// for fal and Replicate on the server.
import {
  compose,
  generateImage,
  generateVideo,
  getExecutionStatus,
  imageModel,
  videoModel,
} from 'spool/sdk'

const execution = await compose(
  generateVideo({
    model: videoModel('bytedance/seedance-1-pro', 'replicate'),
    prompt: 'The leaves begin to move, then the whole tree',
    duration: 5,
    image: generateImage({
      model: imageModel('google/nano-banana', 'fal'),
      prompt: 'A single oak on a hill, evening light',
      aspectRatio: '16:9',
    }),
  }),
).execute({
  webhook: process.env['WEBHOOK_URL'] ?? 'https://example.com/webhook',
  webhookSecret: process.env['WEBHOOK_SECRET'] ?? 'change-me',
})

console.log(`started ${execution.id}`)
const { status, completedJobs, totalJobs } = await getExecutionStatus(execution.id)
console.log(`${status}: completed ${completedJobs} of ${totalJobs}`)
