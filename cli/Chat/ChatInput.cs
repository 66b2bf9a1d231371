using Kavalek.Client;

namespace Kavalek.Cli.Chat;

/// <summary>What the drawn chat reacts to; everything comes through one queue, so that only one thing happens at a time.</summary>
abstract record ChatInput;

/// <summary>A key was pressed.</summary>
sealed record KeyPressed(ConsoleKeyInfo Key) : ChatInput;

/// <summary>Text was pasted, of any number of lines.</summary>
sealed record Pasted(string Text) : ChatInput;

/// <summary>The window has another size.</summary>
sealed record Resized : ChatInput;

/// <summary>The client told something.</summary>
sealed record Told(ClientEvent Event) : ChatInput;

/// <summary>A typed line was dealt with.</summary>
sealed record Answered(string Line, ChatAnswer Answer) : ChatInput;

/// <summary>Older messages were read from the store.</summary>
sealed record Loaded(IReadOnlyList<Message> Older) : ChatInput;
