using Kavalek.Protocol;

namespace Kavalek.Client;

/// <summary>One conversation of an <see cref="OffboardingReceipt"/>.</summary>
/// <param name="Conversation">Its id.</param>
/// <param name="Title">Its title, or the other person's name.</param>
/// <param name="Epoch">The MLS epoch from which on the device reads nothing; <c>null</c> where that could not be done yet, and will be with the next connection.</param>
public sealed record OffboardedConversation(Id Conversation, string Title, ulong? Epoch);

/// <summary>What became of a removed device: to be filed by whoever has to show that it is out.</summary>
/// <param name="Device">The device.</param>
/// <param name="At">When it was removed.</param>
/// <param name="Conversations">Each conversation it was in.</param>
public sealed record OffboardingReceipt(Id Device, DateTimeOffset At, IReadOnlyList<OffboardedConversation> Conversations);
