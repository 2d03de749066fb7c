/** Seconds to the millisecond, without the noise of floats: 14.500000000000002 is 14.5. */
export const toMilliseconds = (seconds: number): number => Math.round(seconds * 1000) / 1000
