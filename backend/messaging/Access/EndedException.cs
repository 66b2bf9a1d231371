namespace Kavalek.Messaging.Access;

/// <summary>The session or device ended while the body of its call came.</summary>
sealed class EndedException : Exception;
