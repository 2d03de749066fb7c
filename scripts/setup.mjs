// `npm run setup`: installs or finds whatever Spool needs and says what it found. See setup/set-up.mjs.

import { orExplain, setUp } from './setup/set-up.mjs'

await orExplain(async () => {
  const { changed, toolchain } = await setUp({
    verbose: process.argv.includes('--verbose'),
    retry: true,
  })
  console.log(
    `${changed ? 'Ready' : 'Nothing to do'}: Node ${toolchain.nodeVersion}, Temporal ${toolchain.temporalVersion} (server ${toolchain.temporalServerVersion}), FFmpeg ${toolchain.ffmpegVersion}.`,
  )
})
