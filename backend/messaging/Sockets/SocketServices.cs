using Kavalek.Messaging.Access;
using Kavalek.Messaging.Streams;
using Kavalek.Protocol;
using Microsoft.Extensions.Logging;

namespace Kavalek.Messaging.Sockets;

/// <summary>What every socket works with.</summary>
sealed record SocketServices(
    MessagingOptions Options, AccessTokens Tokens, GroupCommit Writer, StreamQueries Reader, Topics Topics, Sockets Sockets, Intake Intake, IEventBus Bus, TimeProvider Clock,
    ILogger<SocketServices> Log);
