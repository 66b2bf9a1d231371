Console.WriteLine("kavalek");
