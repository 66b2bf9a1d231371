using Kavalek.Mls;
using Kavalek.Protocol;
using Kavalek.Protocol.Identity;

namespace Kavalek.Client;

/// <summary>What the parts of an unlocked client share. It lives as long as the client is unlocked.</summary>
sealed class ClientCore
{
    /// <summary>The sealed store: what is put into it is encrypted on the way.</summary>
    public required IClientStore Store { get; init; }

    /// <summary>The clock.</summary>
    public required TimeProvider Clock { get; init; }

    /// <summary>What MLS needs: primitives and <see cref="CertificateAuthentication"/>.</summary>
    public required MlsEnvironment Mls { get; init; }

    /// <summary>This device and its account.</summary>
    public required OwnIdentity Identity { get; init; }

    /// <summary>Where events go.</summary>
    public required EventHub Events { get; init; }

    /// <summary>Pins, directory, key package claims.</summary>
    public required People People { get; init; }

    /// <summary>Own key packages with their private parts.</summary>
    public required KeyPackageStock KeyPackages { get; init; }

    /// <summary>The streams over REST.</summary>
    public required StreamsApi Streams { get; init; }

    /// <summary>The socket.</summary>
    public required ServerLink Link { get; init; }

    /// <summary>The own display name; <c>null</c> until one is set. Conversations say it to each other's members.</summary>
    public Func<string?> DisplayName { get; set; } = static () => null;

    /// <summary>Called for a notice in the inbox that the own account's devices changed.</summary>
    public Func<CancellationToken, Task> OwnDevicesNoticed { get; set; } = static _ => Task.CompletedTask;

    /// <summary>Blocks or unblocks an account, as <see cref="KavalekClient.BlockAsync"/> does.</summary>
    public Func<Id, bool, CancellationToken, Task> BlockAsync { get; set; } = static (_, _, _) => Task.CompletedTask;
}

/// <summary>Who this device is; its certificate is absent while it waits.</summary>
sealed class OwnIdentity
{
    /// <summary>The instance.</summary>
    public required Id Instance { get; init; }

    /// <summary>The own account.</summary>
    public required Id Account { get; init; }

    /// <summary>This device; also the id of its inbox.</summary>
    public required Id Device { get; init; }

    /// <summary>The device's MLS signature key.</summary>
    public required KeyPair DeviceKey { get; init; }

    /// <summary>The certificate in force; <c>null</c> while the device waits.</summary>
    public DeviceCertificate? Certificate { get; set; }

    /// <summary>The own MLS credential.</summary>
    /// <exception cref="InvalidOperationException">The device waits.</exception>
    public Credential Credential => Mls.Credential.Basic((Certificate ?? throw new InvalidOperationException("no certificate yet")).Encode());
}
