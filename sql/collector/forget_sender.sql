-- Forgets a sender with all of its addresses. When it sends again it is a new one.
DELETE FROM _sender WHERE sender = :sender;
