namespace Kavalek.Cli;

/// <summary>What the process says to the shell when it ends; documented in docs/CLI.md and in <c>kavalek help</c>.</summary>
static class ExitCode
{
    public const int Ok = 0;
    /// <summary>Something went wrong; the text says what, and whether anything changed.</summary>
    public const int Error = 1;
    /// <summary>The command line is not understood, or something it needs was not given.</summary>
    public const int Usage = 2;
    /// <summary>The server was not reached. A message to send is stored and queued.</summary>
    public const int Unreachable = 3;
    /// <summary>Another process uses the profile.</summary>
    public const int InUse = 4;
    /// <summary>The password, or the e-mail address, is wrong.</summary>
    public const int WrongPassword = 5;
    /// <summary>There is no account in this profile yet, or its session ended.</summary>
    public const int NoAccount = 6;
    /// <summary>No such person, conversation, device or invite.</summary>
    public const int NotFound = 7;
    /// <summary>A decision of yours is needed first: a request, a changed key, a waiting device; or you may not do this.</summary>
    public const int Refused = 8;
    /// <summary>The instance serves another web app than the release's, or another audit log than before.</summary>
    public const int Differs = 9;
    /// <summary>Stopped by Ctrl-C or a signal.</summary>
    public const int Interrupted = 130;
}
