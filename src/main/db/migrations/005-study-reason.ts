// Why a study is not at work is kept with it, so that the page can say it after a restart.

/** Studies of before have no reason. */
export const studyReason = `ALTER TABLE studies ADD COLUMN reason TEXT;`;
