-- Nobody asks for the debates of a conversation that are over.
drop index debates_conversation;
