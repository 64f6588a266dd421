// Why a study is not at work is kept with it, so that the page can say it after a restart.

export const studyReason = `ALTER TABLE studies ADD COLUMN reason TEXT;`;
