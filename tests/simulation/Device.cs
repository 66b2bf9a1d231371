using Kavalek.Client;
using Kavalek.Protocol;

namespace Kavalek.Simulation.Tests;

/// <summary>A person with an account and devices.</summary>
sealed class Person(string name)
{
    public const string Phrase = "correct horse battery staple";

    public string Name => name;

    public string Email => $"{name}@example.org";

    public Id Account { get; set; }

    public List<Device> Devices { get; } = [];
}

/// <summary>A device: its disk, and the process that runs on it now, if one does.</summary>
sealed class Device(World world, Person person, int number)
{
    public Person Person => person;

    public string Name => $"{person.Name}{number}";

    public Id Id { get; set; }

    public Disk Disk { get; } = new();

    public SeededCrypto Crypto { get; } = new(world.Seed * 1000 + world.NextDevice(), world.Seals);

    /// <summary>What its owner saved of it some time ago.</summary>
    public MemoryClientStore? Backup { get; set; }

    /// <summary>Null while it is switched off.</summary>
    public Process? Process { get; set; }

    public KavalekClient? Client => Process is { IsDead: false } ? Process.Client : null;

    /// <summary>Approved, and not removed.</summary>
    public bool IsCertified { get; set; }

    /// <summary>How it was connected at the last look.</summary>
    public ConnectionState Connection { get; set; }

    /// <summary>Cut off from the server until then.</summary>
    public DateTimeOffset CutOffUntil { get; set; }

    /// <summary>Lost, removed or never approved: nothing is expected of it any more.</summary>
    public bool IsGivenUp { get; set; }

    /// <summary>Whose approval it waits for.</summary>
    public Process? Approver { get; set; }

    /// <summary>What is being done on it now.</summary>
    public Task? Busy { get; set; }

    /// <summary>Lines that were shown because something could not be read, by conversation.</summary>
    public Dictionary<Id, int> MissingLines { get; } = [];
}
