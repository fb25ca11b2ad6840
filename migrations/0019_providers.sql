-- Providers.

-- From here on `seated` of a brake's counts is by how many seated or coming people a connection has fewer by what it did
-- itself: who left, without whom it brought in or adopted. What it has now and these together are its people when the window
-- began, of whom the share is, so that nobody raises their own limit by bringing people in.
