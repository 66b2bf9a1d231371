namespace Kavalek.Client;

/// <summary>Why somebody reports messages.</summary>
public enum ReportReason
{
    /// <summary>Something else; the reporter's words say what.</summary>
    Other = 0,
    /// <summary>Insults, hatred, bullying.</summary>
    Harassment = 1,
    /// <summary>Threats, or calls to violence.</summary>
    Threat = 2,
    /// <summary>Advertising, fraud.</summary>
    Spam = 3,
    /// <summary>Somebody passes for somebody else.</summary>
    Impersonation = 4,
    /// <summary>What is against the law.</summary>
    Unlawful = 5,
}
